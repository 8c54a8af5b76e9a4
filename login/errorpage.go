package login

import (
	"net/http"

	"github.com/latchkey-id/latchkey/internal/web"
)

// errorPage shows an error and the id that finds its log lines.
type errorPage struct {
	page
	Error web.ErrorPage
}

// RenderError writes an error page; it is what web.Errors renders with.
func (p *Pages) RenderError(w http.ResponseWriter, r *http.Request, shown web.ErrorPage) {
	data := errorPage{page: p.page(w, r, nil, "error.title"), Error: shown}
	if err := p.render(w, "error", shown.Status, data); err != nil {
		p.cfg.Log.ErrorContext(r.Context(), "render error page", "error", err)
		http.Error(w, shown.Title+" ("+shown.ID+")", shown.Status)
	}
}
