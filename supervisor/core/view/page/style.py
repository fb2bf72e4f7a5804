"""How pages look: one style sheet, light and dark, for wide and for narrow screens. Nothing is loaded from outside."""

from __future__ import annotations

CSS = """
:root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--ink:#1d2125;--soft:#5c6670;--line:#e3e5e8;--link:#1864ab;
--done:#237434;--done-bg:#e6f5e9;--run:#1864ab;--run-bg:#e3f1fc;--wait:#5f6973;--wait-bg:#f0f2f4;
--you:#a05000;--you-bg:#fff1d6;--bad:#c92a2a;--bad-bg:#fdeaea;--code:#f3f4f5}
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1b1f23;--ink:#e3e6e8;--soft:#99a3ad;--line:#2c3238;
--link:#74b3ec;--done:#69c780;--done-bg:#17301d;--run:#6db3ee;--run-bg:#142a3d;--wait:#98a2ab;--wait-bg:#262b30;
--you:#f2b04c;--you-bg:#3a2a0e;--bad:#f28b82;--bad-bg:#3b1d1d;--code:#22272b}}
*{box-sizing:border-box}
html{scroll-padding-top:3.4rem}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main,header.top>div{max-width:1120px;margin:0 auto;padding:0 20px}
main{padding-bottom:4rem}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
header.top{border-bottom:1px solid var(--line);background:var(--card)}
header.top>div{padding-top:22px;padding-bottom:14px}
h1{font-size:1.5rem;line-height:1.25;font-weight:650;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.06rem;font-weight:650;margin:2.4rem 0 .7rem}
h3{font-size:.95rem;font-weight:600;margin:1.2rem 0 .35rem}
h2 small,h3 small{font-weight:400;color:var(--soft);margin-left:.5em}
p{margin:.4rem 0}p,li,summary,.name,.side,h2,h3{overflow-wrap:anywhere}
.soft,.meta{color:var(--soft)}.meta{font-size:.87rem;overflow-wrap:anywhere}
nav.jump{display:flex;gap:18px;overflow-x:auto;padding:10px 0 2px;font-size:.9rem;white-space:nowrap}
.sum{display:flex;flex-wrap:wrap;gap:8px 10px;margin:12px 0 4px}
.sum>span{padding:2px 10px;border-radius:99px;background:var(--wait-bg);color:var(--wait);font-size:.87rem}
.pill{display:inline-block;padding:0 9px;border-radius:99px;font-size:.8rem;line-height:1.65;white-space:nowrap;
background:var(--wait-bg);color:var(--wait)}
.pill.done,.sum .done{background:var(--done-bg);color:var(--done)}
.pill.running,.pill.verifying,.sum .running{background:var(--run-bg);color:var(--run)}
.pill.needs_human,.pill.held,.sum .needs_human{background:var(--you-bg);color:var(--you)}
.pill.blocked,.pill.failed,.sum .failed{background:var(--bad-bg);color:var(--bad)}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 18px;margin:.7rem 0}
.card.you{border-color:var(--you);border-left-width:4px}
.card>:first-child{margin-top:0}.card>:last-child{margin-bottom:0}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px}
.scroll svg{display:block}
details.task{background:var(--card);border:1px solid var(--line);border-top:0;padding:0 16px}
details.task:first-of-type{border-top:1px solid var(--line);border-radius:10px 10px 0 0}
details.task:last-of-type{border-radius:0 0 10px 10px}
details.task>summary,.row{display:grid;grid-template-columns:8.2rem minmax(0,1fr) auto;gap:12px;align-items:baseline;
padding:9px 0;cursor:pointer;list-style:none}
details.task>summary::-webkit-details-marker{display:none}
details.task>summary .name b{margin-right:.6em}
details.task>summary .why{display:block;color:var(--soft);font-size:.87rem;overflow:hidden;text-overflow:ellipsis;
white-space:nowrap}
details.task[open]>summary .why{white-space:normal}
details.task>summary .side{color:var(--soft);font-size:.85rem;text-align:right;font-variant-numeric:tabular-nums}
details.task .in{border-top:1px solid var(--line);padding:4px 0 14px}
details.more>summary{cursor:pointer;color:var(--link);font-size:.9rem;padding:3px 0}
pre{background:var(--code);border-radius:7px;padding:10px 12px;margin:.45rem 0;overflow:auto;max-height:32rem;
font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--code);border-radius:4px;
padding:.08em .32em;overflow-wrap:anywhere}
pre.diff{white-space:pre;overflow-wrap:normal}
pre.diff ins,pre.diff del,pre.diff b,pre.diff em{display:block;text-decoration:none;font-style:normal;font-weight:400}
pre.diff ins{color:var(--done);background:var(--done-bg)}pre.diff del{color:var(--bad);background:var(--bad-bg)}
pre.diff em{color:var(--run)}pre.diff b{font-weight:650;margin-top:.6em}
.words pre{white-space:pre-wrap}.words{white-space:pre-wrap;overflow-wrap:anywhere;margin:.3rem 0;
overflow:auto;max-height:32rem}.you .words{max-height:none}
ul.plain{list-style:none;margin:.3rem 0;padding:0}ul.plain li{padding:2px 0;overflow-wrap:anywhere}
.add{color:var(--done)}.sub{color:var(--bad)}
table{border-collapse:collapse;width:100%;font-size:.9rem}
td,th{text-align:left;vertical-align:top;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);font-weight:400;
overflow-wrap:anywhere}
th{color:var(--soft);font-size:.82rem}td.num,th.num{text-align:right;font-variant-numeric:tabular-nums}
table.facts{width:auto;margin:.8rem 0}.facts th{white-space:nowrap}.facts td,.facts th{border:0;padding:2px 18px 2px 0}
td time,thead th,.tight{white-space:nowrap}
td .pill{margin-right:4px}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:.84rem;color:var(--soft)}
.key{display:inline-block;width:14px;height:10px;border-radius:3px;margin-right:6px;vertical-align:-1px}
.key.turn{background:var(--run)}.key.good{background:var(--done)}.key.bad{background:var(--bad)}
.key.cut{background:var(--wait)}.key.asked{background:var(--you);height:3px;vertical-align:3px}
.key.edited{border-left:2px dashed var(--link);border-radius:0;width:4px}
svg text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--ink)}
svg.lanes{width:100%;min-width:760px;height:auto}svg.lanes .lane{fill:none}
svg.lanes .odd{fill:var(--ink);fill-opacity:.03}
svg.lanes .tick{stroke:var(--line)}svg.lanes .at,svg.lanes .rev{font-size:11px;fill:var(--soft);
text-anchor:middle}
svg.lanes .rev{fill:var(--link)}svg.lanes .edit{stroke:var(--link);stroke-dasharray:3 3;stroke-opacity:.7}
svg.lanes .turn{fill:var(--run)}svg.lanes .checks{fill:var(--wait)}svg.lanes .checks.good{fill:var(--done)}
svg.lanes .turn.bad,svg.lanes .checks.bad{fill:var(--bad)}svg.lanes .turn.cut{fill:var(--wait)}
svg.lanes .turn.now{fill-opacity:.65}svg.lanes .in{fill:var(--card);font-size:11px;pointer-events:none}
svg.lanes .ask path{fill:var(--you)}svg.lanes .ask .span{stroke:var(--you);stroke-width:2;fill:none}
svg.graph .ground{fill:none}svg.graph .arrow{stroke:var(--wait);stroke-opacity:.7}svg.graph .tip{fill:var(--wait)}
svg.graph .box{fill:var(--wait-bg);stroke:var(--wait)}svg.graph .retired{fill:none;stroke:var(--line)}
svg.graph .done{fill:var(--done-bg);stroke:var(--done)}
svg.graph .running,svg.graph .verifying{fill:var(--run-bg);stroke:var(--run)}
svg.graph .needs_human,svg.graph .held{fill:var(--you-bg);stroke:var(--you)}
svg.graph .blocked,svg.graph .failed{fill:var(--bad-bg);stroke:var(--bad)}
@media(max-width:640px){body{font-size:16px}main,header.top>div{padding-left:14px;padding-right:14px}
h1{font-size:1.25rem}details.task{padding:0 12px}
details.task>summary{grid-template-columns:auto minmax(0,1fr);gap:2px 10px}
details.task>summary .name{grid-column:1/-1;grid-row:2}details.task>summary .why{white-space:normal}
table.fold,table.fold tbody,table.fold tr{display:block}
table.fold td{display:inline;border:0;padding:0}
table.fold td:not(:empty)~td:not(:empty):before{content:" · ";color:var(--soft)}
table.fold thead{display:none}
table.fold tr{border-bottom:1px solid var(--line);padding:7px 0}}
@media print{.scroll{overflow:visible}.scroll svg{max-width:100%;height:auto}svg.lanes{min-width:0}
pre,.words{max-height:none}
.card,details.task,tr{break-inside:avoid}}
"""

WEB_CSS = """
header.top{position:sticky;top:0;z-index:2}header.top>div{padding-top:10px;padding-bottom:8px}
header.top h1{font-size:1.1rem;margin:0}.bar{display:flex;flex-wrap:wrap;gap:4px 18px;align-items:baseline}
.bar h1{flex:1 1 14rem}.bar form{margin:0}header.top .sum{margin:6px 0 0}header.top .sum>span{font-size:.8rem}
form{margin:.7rem 0 0}label{display:block;font-size:.87rem;margin-bottom:3px}
label.check{margin:.5rem 0;display:flex;align-items:baseline}
label.check input{width:auto;margin-right:.4em}
fieldset{border:0;margin:0 0 14px;padding:0}legend{padding:0;margin-bottom:4px}
input,textarea{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:7px;
padding:7px 10px;
width:100%;max-width:44rem;display:block}textarea{resize:vertical}label.check input{display:inline}
.offered{margin-bottom:14px}.buttons{display:flex;flex-wrap:wrap;gap:8px;margin-top:8px}
button{font:inherit;font-size:.92rem;color:var(--ink);background:var(--card);border:1px solid var(--wait);
border-radius:7px;
padding:6px 16px;cursor:pointer;min-height:36px;overflow-wrap:anywhere}button:hover{background:var(--wait-bg)}
button.good{background:var(--done);border-color:var(--done);color:var(--card)}button:disabled{opacity:.5}
.problem{color:var(--bad)}.warned{color:var(--you)}
.said{border-left:4px solid var(--done);padding:8px 14px;background:var(--done-bg);
border-radius:6px}
.said.problem{border-color:var(--bad);background:var(--bad-bg)}
a.row{display:grid;color:inherit;background:var(--card);border:1px solid var(--line);border-top:0;padding:9px 16px}
a.row:first-of-type{border-top:1px solid var(--line);border-radius:10px 10px 0 0}
a.row:last-of-type{border-radius:0 0 10px 10px}
a.row:only-of-type{border-radius:10px}a.row:hover{text-decoration:none;background:var(--wait-bg)}
a.row{line-height:23px}a.row .pill{line-height:20px;vertical-align:top}
.row .name b{margin-right:.6em}.row .why{display:block;line-height:20px;color:var(--soft);font-size:.87rem;
overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.row .side{color:var(--soft);font-size:.85rem;text-align:right}
#part-graph,#part-time{content-visibility:auto;contain-intrinsic-size:auto 400px}
a.row{content-visibility:auto;contain-intrinsic-size:auto 45px}
.narrow{max-width:30rem;margin:12vh auto 0}
#stale{display:none;color:var(--you);font-size:.84rem}body.stale #stale{display:inline}
div.row{cursor:auto;padding:0}nav a[aria-current]{font-weight:650;color:var(--ink)}
#said:not(:empty){position:fixed;z-index:3;left:50%;bottom:18px;transform:translateX(-50%);width:max-content;
max-width:calc(100vw - 28px);margin:0;box-shadow:0 3px 16px rgb(0 0 0/.25);overflow-wrap:anywhere}
table.log td{border:0;padding:1px 12px 1px 0}table.log td:not(:last-child){width:1%;white-space:nowrap}
@media(max-width:640px){button{min-height:44px;flex:1 1 8rem}header.top{position:static}
.row{grid-template-columns:auto minmax(0,1fr);gap:2px 10px}a.row{padding:9px 12px}
.row .name{grid-column:1/-1;grid-row:2}
.row .why{white-space:normal}table.log tr{display:block;padding:3px 0}table.log td{display:inline}}
@media print{#part-graph,#part-time,a.row{content-visibility:visible}header.top{position:static}
form,#said,nav.jump{display:none}}
"""
"""What `orch web` adds: forms, and what stays in sight."""

STYLE = CSS + WEB_CSS
"""The style sheet of `orch web`. It stands in each page: one that is fetched would hold up what is seen first."""
