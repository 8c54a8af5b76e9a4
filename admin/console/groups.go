package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// The pages of groups.
const (
	groupsPath = Root + "/groups"
	groupPath  = groupsPath + "/{group}"
)

// groupAt is where the page of a group is.
func groupAt(id storage.ID) string { return groupsPath + "/" + string(id) }

// group reads what group the address names.
func (c *Console) group(r *http.Request) (*storage.Group, error) {
	id := storage.ID(r.PathValue("group"))
	if _, err := id.Bytes(); err != nil {
		return nil, notFound(err)
	}
	g, err := c.cfg.Groups.ByID(r.Context(), id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, notFound(err)
	}
	return g, err
}

func groupList() *list {
	return &list{
		columns: []string{"console.group", "console.about", "console.roles", "console.source", "console.created"},
		acts: func(c *Console, v *visit, s *screen) []link {
			return c.groupLinks(v, s, &target{page: groupsPath})
		},
		read: func(r *http.Request, c *Console, _ *visit, _ url.Values, after string, limit int) ([]item, string, error) {
			groups, err := c.cfg.Groups.List(r.Context(), after, limit+1)
			rows, next := itemsOf(groups, limit, func(g *storage.Group) string { return g.Name }, func(g *storage.Group) item {
				return item{record: api.ShowGroup(g), cells: func(s *screen) []cell {
					return []cell{{Text: g.Name, URL: groupAt(g.ID), Soft: g.DisplayName}, text(g.Description), tags(g.Roles), tag("plain", g.Source.String()), s.at(g.CreatedAt)}
				}}
			})
			return rows, next, err
		},
	}
}

// showGroup is what a group is, above the list of its members.
func (c *Console) showGroup(r *http.Request, v *visit, s *screen) error {
	g, err := c.group(r)
	if err != nil {
		return err
	}
	s.Title, s.Lead, s.Up = g.Name, g.Description, link{URL: groupsPath, Label: s.T("console.groups")}
	b := block{ID: "facts", Acts: c.groupLinks(v, s, &target{Group: g, page: groupAt(g.ID), name: g.Name})}
	for _, f := range []fact{
		{s.T("console.id"), []cell{code(string(g.ID))}}, {s.T("console.name"), []cell{text(g.DisplayName)}}, {s.T("console.roles"), []cell{tags(g.Roles)}},
		{s.T("console.source"), []cell{tag("plain", g.Source.String()), text(g.ExternalID)}}, {s.T("console.created"), []cell{s.at(g.CreatedAt)}},
	} {
		if !f.Cells[0].Empty() {
			b.Facts = append(b.Facts, f)
		}
	}
	s.Blocks = append(s.Blocks, b)
	return nil
}

func memberList() *list {
	return &list{
		heading: "console.people", columns: []string{"console.person", "console.source", "console.since"},
		read: func(r *http.Request, c *Console, _ *visit, _ url.Values, after string, limit int) ([]item, string, error) {
			g, err := c.group(r)
			if err != nil {
				return nil, "", err
			}
			members, err := c.cfg.Memberships.Members(r.Context(), g.ID, storage.ID(after), limit+1)
			rows, next := itemsOf(members, limit, func(m *storage.Member) string { return string(m.UserID) }, func(m *storage.Member) item {
				return item{record: api.ShowMember(m), cells: func(s *screen) []cell {
					u := &storage.User{ID: m.UserID, Email: m.Email, Username: m.Username}
					var sources []string
					for _, source := range m.Sources {
						sources = append(sources, source.String())
					}
					return []cell{nameCell(u), tags(sources), s.at(m.AddedAt)}
				}}
			})
			return rows, next, err
		},
	}
}

// groupLinks lead to what the visitor may do to a group, or to make one.
func (c *Console) groupLinks(v *visit, s *screen, t *target) []link {
	var links []link
	for _, a := range groupActs() {
		if (a.of == groupsPath) == (t.Group == nil) && v.may.Has(c.scopeOf(a.operation)) {
			links = append(links, link{ID: "act-" + a.name, URL: a.at(t, ""), Label: s.T(a.text + ".title"), Danger: a.danger})
		}
	}
	return links
}

// groupActs is the one list of what is done to groups.
func groupActs() []*act {
	return []*act{
		{
			of: groupsPath, name: "new", text: "console.new_group", operation: "groups.create", command: "group create …", fields: groupFields,
			do: func(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
				g, err := c.cfg.Accounts.CreateGroup(r.Context(), by, account.NewGroup{
					Name: ident.Clean(r.PostForm.Get("name")), DisplayName: r.PostForm.Get("display_name"),
					Description: r.PostForm.Get("description"), Roles: splitNames(r.PostForm.Get("roles")),
				})
				if err == nil {
					t.after = groupAt(g.ID)
				}
				return false, err
			},
		},
		{
			of: groupPath, name: "edit", text: "console.edit_group", operation: "groups.edit", command: "group edit {group} …", fields: groupFields,
			do: func(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
				name, display, description, roles := ident.Clean(r.PostForm.Get("name")), r.PostForm.Get("display_name"), r.PostForm.Get("description"), splitNames(r.PostForm.Get("roles"))
				_, err := c.cfg.Accounts.ChangeGroup(r.Context(), by, t.Group.Name, account.GroupChange{
					Name: &name, DisplayName: &display, Description: &description, Roles: &roles, Force: r.PostForm.Has("force"),
				})
				return false, err
			},
		},
		{
			of: groupPath, name: "delete", text: "console.delete_group", operation: "groups.delete", command: "group delete {group}", danger: true,
			fields: func(_ *Console, v *visit, _ *target, s *screen, f *form) error {
				f.Boxes = append(f.Boxes, forceBox(v, s))
				return nil
			},
			do: func(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
				t.after = groupsPath
				return false, c.cfg.Accounts.DeleteGroup(r.Context(), by, t.Group.Name, account.GroupDeletion{Force: r.PostForm.Has("force")})
			},
		},
	}
}

func forceBox(v *visit, s *screen) box {
	return box{"force", s.T("console.force"), v.said.Typed.Has("force")}
}

// groupFields are those of a group that is made, or changed.
func groupFields(_ *Console, v *visit, t *target, s *screen, f *form) error {
	g := t.Group
	if g == nil {
		g = &storage.Group{}
	} else {
		f.Boxes = append(f.Boxes, forceBox(v, s))
	}
	for _, field := range []struct {
		name, value string
		settings    []string
	}{
		{"name", g.Name, []string{"label=console.group", "required", "maxlength=128", "plain", "autocomplete=off"}},
		{"display_name", g.DisplayName, []string{"label=console.name", "maxlength=200", "autocomplete=off"}},
		{"description", g.Description, []string{"label=console.about", "maxlength=1000", "autocomplete=off"}},
		{"roles", strings.Join(g.Roles, ", "), []string{"label=console.roles", "hint=profile.list_hint", "maxlength=2000", "plain", "autocomplete=off"}},
	} {
		if err := f.field(s, v, field.name, field.value, field.settings...); err != nil {
			return err
		}
	}
	return nil
}
