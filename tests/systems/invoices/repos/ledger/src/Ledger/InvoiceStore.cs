namespace Tally.Ledger;

public class InvoiceStore
{
    public const int PaymentTermDays = 30;
    private readonly Dictionary<string, Invoice> invoices = new();

    public Invoice Add(Draft draft)
    {
        var number = $"T{invoices.Count + 1:D6}";
        var due = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(PaymentTermDays));
        return invoices[number] = new Invoice(Guid.NewGuid(), number, due, "open");
    }

    public Invoice? Find(string number) => invoices.GetValueOrDefault(number);

    public void Remind(string number) => Console.WriteLine($"id={number} status=reminded name=ledger");
}
