package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// findPath finds pages, people, groups and applications by what they are called. A
// script shows what it finds in a palette.
const findPath = Root + "/find"

// findMost bounds how many are found of each kind.
const findMost = 8

// showFind finds by how names begin, so that it costs the same however many there are:
// nothing is searched that has no index.
func (c *Console) showFind(r *http.Request, v *visit, s *screen) error {
	typed := ident.Clean(r.URL.Query().Get("q"))
	if ident.Text(typed) != nil || len(typed) > 512 {
		return unreadable(errors.New("what is looked for is not text"))
	}
	in, err := s.Input("q", typed, "label=console.find", "type=search", "autocomplete=off", "plain", "maxlength=512", "autofocus")
	if err != nil {
		return err
	}
	s.Blocks = append(s.Blocks, block{ID: "filter", Form: &form{Method: "get", Action: findPath, Fields: []ui.Select{{Input: in}}, Submit: s.T("launcher.search_submit"), ID: "find-search"}})
	b := block{ID: "found", Found: &found{None: s.T("console.none")}}
	for _, find := range []func(*Console, *http.Request, *visit, *screen, string) ([]link, error){
		(*Console).findPages, (*Console).findPeople, (*Console).findApps, (*Console).findGroup,
	} {
		links, err := find(c, r, v, s, typed)
		if err != nil {
			return err
		}
		b.Found.Links = append(b.Found.Links, links...)
	}
	s.Blocks = append(s.Blocks, b)
	return nil
}

// findPages are those of the navigation.
func (*Console) findPages(_ *http.Request, _ *visit, s *screen, typed string) ([]link, error) {
	var links []link
	for _, section := range s.Sections {
		if strings.Contains(strings.ToLower(section.Label), strings.ToLower(typed)) {
			links = append(links, link{URL: section.URL, Label: section.Label, Soft: s.T("console.title")})
		}
	}
	return links, nil
}

// findPeople are those whose address or username begins so.
func (c *Console) findPeople(r *http.Request, _ *visit, s *screen, typed string) ([]link, error) {
	if typed == "" {
		return nil, nil
	}
	people, err := c.cfg.Users.Search(r.Context(), storage.PeopleFilter{Prefix: typed, Limit: findMost})
	var links []link
	for i := range people {
		name := nameCell(&people[i].User)
		links = append(links, link{URL: name.URL, Label: name.Text, Soft: strings.TrimPrefix(s.T("console.person")+" · "+name.Soft, " · ")})
	}
	return links, err
}

func (c *Console) findApps(r *http.Request, v *visit, s *screen, typed string) ([]link, error) {
	if typed == "" {
		return nil, nil
	}
	apps, _, err := readApps(r, c, v, url.Values{"q": {typed}}, "", findMost)
	var links []link
	for _, a := range apps {
		name := a.cells(s)[0]
		links = append(links, link{URL: name.URL, Label: name.Text, Soft: s.T("console.app") + " · " + name.Soft})
	}
	return links, err
}

// findGroup is the group of that very name.
func (c *Console) findGroup(r *http.Request, _ *visit, s *screen, typed string) ([]link, error) {
	if typed == "" {
		return nil, nil
	}
	g, err := c.cfg.Groups.ByName(r.Context(), typed)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []link{{URL: groupAt(g.ID), Label: g.Name, Soft: s.T("console.group")}}, nil
}
