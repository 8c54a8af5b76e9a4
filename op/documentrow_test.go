package op

import (
	"errors"
	"net/http"
	"testing"

	"github.com/latchkey-id/latchkey/client"
)

// TestDR1_RowsCountMoreThanDocuments: what was disabled here is not brought back by its
// document, and what somebody wrote down under the same id is theirs.
func TestDR1_RowsCountMoreThanDocuments(t *testing.T) {
	t.Parallel()
	d := newDocuments(t)
	d.web.put(documentID, documentOf(documentID))
	d.exchangeAs(documentID, d.codeOf(documentID)).want(t, http.StatusOK, "")
	for _, tc := range []struct {
		change string
		known  bool
	}{
		{`UPDATE clients SET disabled_at = NULL`, true},
		{`UPDATE clients SET disabled_at = created_at`, false},
		{`UPDATE clients SET disabled_at = NULL, source = 'administrator'`, false},
		{`UPDATE clients SET source = 'document'`, true},
	} {
		d.store.exec(tc.change)
		if _, err := d.clients.Client(t.Context(), documentID); (err == nil) != tc.known || err != nil && !errors.Is(err, client.ErrUnknown) {
			t.Errorf("after %s: %v", tc.change, err)
		}
	}
}
