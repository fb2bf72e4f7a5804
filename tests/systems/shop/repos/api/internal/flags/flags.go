package flags

import "os"

var on = map[string]bool{
	"express-checkout": true,
	"gift-wrapping":    false,
}

// On says whether a switch is on; FLAG_ALL turns on everything, for tests.
func On(name string) bool { return on[name] || os.Getenv("FLAG_ALL") == "1" }
