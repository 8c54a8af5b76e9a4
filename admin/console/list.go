package console

import (
	"cmp"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/ui"
)

// onPage is how many rows a page has at most.
const onPage = 50

// The parameters of every list: where the page before ended, and as what it is
// downloaded.
const (
	afterParam  = "after"
	formatParam = "format"
)

// list is a page that is a list.
type list struct {
	// filters narrow it.
	filters []filter
	// heading is the key of what stands above it, where the page is about more.
	heading string
	// columns are the keys of its headings.
	columns []string
	// read returns rows after a place, and the place of the last of them; empty on the
	// last page. query holds what the filters say.
	read func(r *http.Request, c *Console, v *visit, query url.Values, after string, limit int) (rows []item, next string, err error)
	// pick names the act of the page that is about rows that are picked: each is a box of
	// a form that leads to the page of the act. Empty: there is none.
	pick string
	// acts lead to what can be made, where that is not what is done on the page itself.
	acts func(c *Console, v *visit, s *screen) []link
}

// filter is a field that narrows a list.
type filter struct {
	name, label string
	// kind is the type of a field that is typed; empty is search.
	kind string
	// options are values with the keys of what they are called; nil: it is typed.
	options [][2]string
}

// item is a row of a list: as it is shown, and the record of the admin API that it is
// downloaded as.
type item struct {
	record any
	cells  func(s *screen) []cell
	// pick is what stands for it where it is picked; empty: it is not to be picked.
	pick string
}

// itemsOf makes the rows of what a store answered, which was asked for one more than is
// wanted.
func itemsOf[Row any](found []Row, limit int, key func(*Row) string, show func(*Row) item) (rows []item, next string) {
	for i := range found[:min(len(found), limit)] {
		rows = append(rows, show(&found[i]))
	}
	if len(found) > limit {
		next = key(&found[limit-1])
	}
	return rows, next
}

// place is where the page before ended, as an address has it.
func place(query url.Values) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(query.Get(afterParam))
	if err != nil || ident.Text(string(raw)) != nil {
		return "", unreadable(errors.New("the place in the list is none"))
	}
	return string(raw), nil
}

func unreadable(cause error) error {
	return &web.Error{
		Status: http.StatusBadRequest, Key: "form_unreadable", Title: "We couldn’t read the form",
		Detail: "Please try again.", Cause: cause,
	}
}

// asked is what the filters say, and nothing else of the address.
func (l *list) asked(r *http.Request) (url.Values, error) {
	query, asked := r.URL.Query(), url.Values{}
	for _, f := range l.filters {
		value := ident.Clean(query.Get(f.name))
		if err := ident.Text(value); err != nil || len(value) > 512 {
			return nil, unreadable(errors.New("filter " + f.name))
		}
		if value != "" {
			asked.Set(f.name, value)
		}
	}
	return asked, nil
}

// fill makes the page: its filters and its rows.
func (l *list) fill(c *Console, r *http.Request, v *visit, s *screen) error {
	asked, err := l.asked(r)
	if err != nil {
		return err
	}
	after, err := place(r.URL.Query())
	if err != nil {
		return err
	}
	rows, next, err := l.read(r, c, v, asked, after, onPage)
	if err != nil {
		return err
	}
	if len(l.filters) > 0 {
		fields, err := l.fields(s, asked)
		if err != nil {
			return err
		}
		s.Blocks = append(s.Blocks, block{ID: "filter", Form: &form{Method: "get", Action: r.URL.Path, Fields: fields, Submit: s.T("launcher.search_submit"), Any: s.T("console.any"), ID: "list-search"}})
	}
	t := &table{Label: s.Title, Columns: s.columns(l.columns...), None: s.T("console.none")}
	t.StartLabel, t.NextLabel, t.ExportLabel = s.T("console.start"), s.T("console.next"), s.T("console.export")
	for _, row_ := range rows {
		t.Rows = append(t.Rows, row{row_.cells(s), row_.pick})
	}
	if a := c.actOn(r.URL.Path, l.pick); a != nil && c.may(v, a) && slices.ContainsFunc(rows, func(i item) bool { return i.pick != "" }) {
		t.Pick = &picking{Action: a.path(), Name: a.subject, Submit: s.T(a.text + ".title"), Label: s.T("console.pick"), Danger: a.danger}
	}
	at := func(name, value string) string {
		with := url.Values{}
		for k, values := range asked {
			with[k] = values
		}
		if value != "" {
			with.Set(name, value)
		}
		if len(with) == 0 {
			return r.URL.Path
		}
		return r.URL.Path + "?" + with.Encode()
	}
	if next != "" {
		t.Next = at(afterParam, base64.RawURLEncoding.EncodeToString([]byte(next)))
	}
	if after != "" {
		t.Start = at("", "")
	}
	for _, format := range formats {
		t.Exports = append(t.Exports, link{ID: "export-" + format, URL: at(formatParam, format), Label: names[format]})
	}
	b := block{ID: "list", Table: t}
	if l.heading != "" {
		b.Heading = s.T(l.heading)
		t.Label = b.Heading
	}
	b.Acts = c.linksOn(v, s, r.URL.Path)
	if l.acts != nil {
		b.Acts = l.acts(c, v, s)
	}
	s.Blocks = append(s.Blocks, b)
	return nil
}

// fields are those of the filters.
func (l *list) fields(s *screen, asked url.Values) ([]ui.Select, error) {
	var fields []ui.Select
	for _, f := range l.filters {
		settings := []string{"label=" + f.label, "autocomplete=off", "plain", "maxlength=512"}
		if f.options == nil {
			in, err := s.Input(f.name, asked.Get(f.name), append(settings, "type="+cmp.Or(f.kind, "search"))...)
			if err != nil {
				return nil, err
			}
			fields = append(fields, ui.Select{Input: in})
			continue
		}
		var options []ui.Option
		for _, o := range f.options {
			label := o[1]
			if o[0] != label {
				label = s.T(label)
			}
			options = append(options, ui.Option{Value: o[0], Label: label})
		}
		field, err := s.Select(f.name, asked.Get(f.name), options, settings...)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
	}
	return fields, nil
}
