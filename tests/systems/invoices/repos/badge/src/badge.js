import { formatMinor } from './money.js';

const ATTRIBUTE = 'data-tally';

function cookie(name) {
  const found = document.cookie.split('; ').find((part) => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : null;
}

/** Turn every marked element into a badge, if the shop left us a receipt. */
export function mount(root = document) {
  const number = cookie('tally_receipt');
  if (!number) return 0;
  const places = root.querySelectorAll(`[${ATTRIBUTE}]`);
  for (const place of places) {
    const button = document.createElement('button');
    button.id = `tally-${number}`;
    button.name = 'invoice';
    button.textContent = `Invoice ${number} (${formatMinor(Number(place.dataset.total), place.dataset.currency)})`;
    button.addEventListener('click', () => show(number));
    place.replaceChildren(button);
  }
  return places.length;
}

async function show(number) {
  const answer = await fetch(`https://ledger.tally.example/api/v3/invoices/${number}`);
  const invoice = await answer.json();
  window.alert(`${invoice.invoice_no} is due on ${invoice.due_on} (${invoice.status})`);
}
