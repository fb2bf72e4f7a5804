using Tally.Ledger;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton<InvoiceStore>();
builder.Services.AddHostedService<ReminderJob>();
builder.WebHost.UseUrls("http://0.0.0.0:5188");

var app = builder.Build();
app.MapGet("/health", () => Results.Ok(new { status = "ok", name = "ledger" }));
app.MapInvoices();
app.Run();
