#include "unity.h"
#include "valve.h"

TEST_CASE("a closed valve opens", "[valve]")
{
    valve_set(true);
    TEST_ASSERT_TRUE(valve_is_open());
}

TEST_CASE("status of name and id is kept", "[valve]")
{
    TEST_ASSERT_EQUAL_STRING("valve", valve_name());
}
