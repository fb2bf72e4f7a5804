package http

import (
	"net/http/httptest"
	"testing"
)

func TestHealth(t *testing.T) {
	w := httptest.NewRecorder()
	Router(nil, nil, "", nil).ServeHTTP(w, httptest.NewRequest("GET", "/health", nil))
	if w.Body.String() != "ok" {
		t.Fatal("status", w.Code, "name", "health")
	}
}
