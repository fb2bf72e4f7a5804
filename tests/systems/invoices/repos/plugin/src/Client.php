<?php

declare(strict_types=1);

namespace Tally\Shops;

use GuzzleHttp\Client as Http;

/** Talks to the ledger. */
final class Client
{
    private Http $http;

    public function __construct(private string $key)
    {
        $base = getenv('TALLY_LEDGER_URL') ?: 'http://localhost:5188';
        $this->http = new Http(['base_uri' => $base, 'timeout' => 10]);
    }

    public static function fromEnvironment(): self
    {
        return new self((string) getenv('TALLY_SHOP_KEY'));
    }

    /** @return array{invoice_no: string, due_on: string} */
    public function create(string $orderRef, string $vatId, int $netMinor, string $name): array
    {
        $body = json_encode([
            'order_ref' => $orderRef,
            'vat_id' => $vatId,
            'net_amount_minor' => $netMinor,
            'name' => $name,
        ], JSON_THROW_ON_ERROR);
        $answer = $this->http->post('/api/v3/invoices', [
            'body' => $body,
            'http_errors' => false,
            'headers' => [
                'Content-Type' => 'application/json',
                'X-Tally-Signature' => hash_hmac('sha256', $body, $this->key),
            ],
        ]);
        $data = json_decode((string) $answer->getBody(), true);
        if ($answer->getStatusCode() >= 400) {
            throw new Refused(Messages::of($data['error'] ?? 'unknown'));
        }

        return ['invoice_no' => $data['invoice_no'], 'due_on' => $data['due_on']];
    }

    public function remind(string $number): void
    {
        $this->http->post("/api/v3/invoices/{$number}/remind");
    }
}
