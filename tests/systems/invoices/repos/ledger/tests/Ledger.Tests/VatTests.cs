using Tally.Ledger;
using Xunit;

public class VatTests
{
    [Fact]
    public void A_number_without_country_is_refused() => Assert.False(Vat.LooksValid("123456789"));
}
