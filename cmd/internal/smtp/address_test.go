package smtp

import (
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
)

func TestDomainsTravelAsALabels(t *testing.T) {
	for address, want := range map[string]string{
		"ada@example.com":              "ada@example.com",
		"ada@b\u00fccher.example":      "ada@xn--bcher-kva.example",
		"ad\u00e4@b\u00fccher.example": "ad\u00e4@xn--bcher-kva.example",
		"\"a@b\"@example.com":          "\"a@b\"@example.com",
		"nobody":                       "",
	} {
		got, err := onTheWire(address)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s is %q, %v, want %q", address, got, err, want)
		}
	}
}

// A name beyond ASCII goes only to a server that takes it, and is named otherwise.
func TestNamesBeyondASCIIWantSMTPUTF8(t *testing.T) {
	m := start(t, false)
	s := sender(t, m, nil)
	letter := said
	letter.To = "ad\u00e4@b\u00fccher.example"
	err := s.Send(t.Context(), row, letter)
	var failed *delivery.Error
	if !errors.As(err, &failed) || failed.Step != delivery.StepRecipient || !failed.Permanent || !strings.Contains(failed.Reason, "SMTPUTF8") {
		t.Errorf("%v", err)
	}
	letter.To = "ada@b\u00fccher.example"
	if err := s.Send(t.Context(), row, letter); err != nil {
		t.Fatal(err)
	}
	if got := m.Received(); len(got) != 1 || got[0].To != "ada@xn--bcher-kva.example" {
		t.Errorf("received %+v", got)
	}
}
