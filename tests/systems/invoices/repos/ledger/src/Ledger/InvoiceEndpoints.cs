using System.Security.Cryptography;
using System.Text;

namespace Tally.Ledger;

/// <summary>What shops may ask.</summary>
public static class InvoiceEndpoints
{
    private const string SignatureHeader = "X-Tally-Signature";

    public static void MapInvoices(this WebApplication app)
    {
        var group = app.MapGroup("/api/v3/invoices");
        group.MapPost("", Create);
        group.MapGet("/{number}", Read);
        group.MapPost("/{number}/remind", Remind);
    }

    private static async Task<IResult> Create(HttpRequest request, InvoiceStore store)
    {
        using var reader = new StreamReader(request.Body, Encoding.UTF8);
        var text = await reader.ReadToEndAsync();
        var key = Environment.GetEnvironmentVariable("TALLY_SHOP_KEY") ?? throw new InvalidOperationException();
        var want = Convert.ToHexString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(text)));
        if (!string.Equals(request.Headers[SignatureHeader], want, StringComparison.OrdinalIgnoreCase))
        {
            return Results.Json(new Problem("signature_mismatch"), statusCode: 401);
        }

        var draft = System.Text.Json.JsonSerializer.Deserialize<Draft>(text)!;
        if (!Vat.LooksValid(draft.VatId))
        {
            return Results.Json(new Problem("vat_id_invalid"), statusCode: 422);
        }

        return Results.Created("", store.Add(draft));
    }

    private static IResult Read(string number, InvoiceStore store) =>
        store.Find(number) is { } invoice ? Results.Ok(invoice) : Results.NotFound();

    private static IResult Remind(string number, InvoiceStore store)
    {
        store.Remind(number);
        return Results.Accepted();
    }
}

public record Problem(string Error);
