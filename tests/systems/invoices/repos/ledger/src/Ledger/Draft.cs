using System.Text.Json.Serialization;

namespace Tally.Ledger;

public record Draft(
    [property: JsonPropertyName("order_ref")] string OrderRef,
    [property: JsonPropertyName("vat_id")] string VatId,
    [property: JsonPropertyName("net_amount_minor")] long NetAmountMinor,
    [property: JsonPropertyName("name")] string Name);

public record Invoice(
    [property: JsonPropertyName("id")] Guid Id,
    [property: JsonPropertyName("invoice_no")] string InvoiceNo,
    [property: JsonPropertyName("due_on")] DateOnly DueOn,
    [property: JsonPropertyName("status")] string Status);
