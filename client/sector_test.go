package client

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestTheSectorDocumentListsTheRedirectURIs(t *testing.T) {
	t.Parallel()
	const one, two = "https://one.example/cb", "https://two.example/cb"
	for name, c := range map[string]struct {
		document string
		err      error
		want     string // in the one problem; empty: there is none
	}{
		"both":                {document: `["` + two + `","https://three.example/cb","` + one + `"]`},
		"one is missing":      {document: `["` + one + `"]`, want: "redirect_uris[1]"},
		"a prefix of it":      {document: `["` + one + `","https://two.example/"]`, want: "redirect_uris[1]"},
		"an object":           {document: `{"redirect_uris":["` + one + `","` + two + `"]}`, want: "not a JSON array"},
		"a page":              {document: "<!doctype html>", want: "not a JSON array"},
		"nothing is answered": {err: errors.New("connection refused"), want: "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &Metadata{SectorIdentifierURI: "https://sector.example/all.json", RedirectURIs: []string{one, two}}
			problems := CheckSector(t.Context(), func(_ context.Context, address string) ([]byte, error) {
				if address != m.SectorIdentifierURI {
					t.Errorf("reads %q", address)
				}
				return []byte(c.document), c.err
			}, m)
			if c.want == "" && len(problems) == 0 {
				return
			}
			if len(problems) != 1 || c.want == "" || !strings.Contains(problems[0].Field+": "+problems[0].Message, c.want) {
				t.Errorf("%+v, want one with %q", problems, c.want)
			}
		})
	}
	if problems := CheckSector(t.Context(), nil, &Metadata{RedirectURIs: []string{one}}); problems != nil {
		t.Errorf("without an address: %+v", problems)
	}
}
