<?php

declare(strict_types=1);

namespace Tally\Shops;

final class Refused extends \RuntimeException
{
}
