using System.Text.RegularExpressions;

namespace Tally.Ledger;

public static class Vat
{
    private static readonly Regex Form = new("^[A-Z]{2}[0-9A-Z]{8,12}$");

    public static bool LooksValid(string text) => Form.IsMatch(text);
}
