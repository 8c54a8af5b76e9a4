package settings

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// addFactorPath leads to the flow that adds a factor of the kind it names.
const addFactorPath = ui.PathSecurity + "/add"

const kindParam = "kind"

// addFactorURL is where a factor of the kind is added.
func addFactorURL(kind storage.FactorKind) string {
	return addFactorPath + "?" + url.Values{kindParam: {string(kind)}}.Encode()
}

// addFactor sends the browser into the flow that adds a factor, on fresh proofs
// (requirement PK3), and back.
func (h *Handler) addFactor(w http.ResponseWriter, r *http.Request, _ *visit) error {
	kind := storage.FactorKind(r.URL.Query().Get(kindParam))
	if !slices.Contains(h.cfg.Accounts.Enrollable(), kind) {
		return notFound(fmt.Errorf("no factor of kind %q can be added", kind))
	}
	return h.cfg.Flow.Ask(w, r, login.Asked{ReturnTo: ui.PathSecurity, Enroll: kind, Fresh: h.cfg.Accounts.FreshFor()})
}
