package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/ui"
)

func (h *Handler) showData(w http.ResponseWriter, r *http.Request, v *visit) error {
	return h.cfg.UI.Render(w, http.StatusOK, ui.AccountData{Account: h.newPage(w, r, v, "account.data")})
}

// exportData answers with a file of everything that is kept about the person.
// That it was taken is recorded before it is.
func (h *Handler) exportData(w http.ResponseWriter, r *http.Request, v *visit) error {
	if ok, err := h.checkPassword(r, v, "password"); err != nil {
		return err
	} else if !ok {
		return h.refuse(w, r, ui.PathData, wrongPassword)
	}
	if err := h.cfg.Accounts.RecordExport(r.Context(), v.actor, v.User.ID); err != nil {
		return h.answerRefusal(w, r, ui.PathData, "record export", err)
	}
	found, err := h.collectExport(r, v)
	if err != nil {
		return unavailable("gather data", err)
	}
	raw, err := json.MarshalIndent(found, "", "  ")
	if err != nil {
		return fmt.Errorf("encode data: %w", err)
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Disposition", `attachment; filename="account-data.json"`)
	header.Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(raw))
	return nil
}
