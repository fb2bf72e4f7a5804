<?php

declare(strict_types=1);

namespace Tally\Shops;

final class Messages
{
    private const TEXT = [
        'vat_id_invalid' => 'This VAT number does not look right.',
        'signature_mismatch' => 'The key of this shop is not the one that the ledger knows.',
        'unknown' => 'The ledger said no.',
    ];

    public static function of(string $code): string
    {
        return self::TEXT[$code] ?? self::TEXT['unknown'];
    }
}
