package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// page is one page: the one row from which its route, what it takes, its navigation and
// its tests follow.
type page struct {
	path string
	// title is the key of its heading.
	title string
	// operation is the operation of the admin API that does the same: the page takes its
	// scope. command is the command that does, after "latchkey "; empty where none does.
	operation, command string
	// also are operations whose parts a page shows that has some of several.
	also []string
	// listed says that the navigation leads to it, where used does; nil is everywhere.
	listed bool
	used   func(c *Console) bool
	// fill makes what it shows; above the list, where it has one.
	fill func(c *Console, r *http.Request, v *visit, s *screen) error
	list *list
}

// configurationPath is what runs.
const configurationPath = Root + "/configuration"

// peoplePath is the list of people.
const peoplePath = Root + "/people"

// referencePath is the admin API to be browsed.
const referencePath = Root + "/reference"

// pages is the one list of the pages that show.
func (c *Console) pages() []page {
	return []page{
		{path: Root, title: "account.overview", operation: "people.list", also: []string{"statistics.show", "statistics.days", "events.list", "keys.list", "configuration.show"}, listed: true, fill: (*Console).showOverview},
		{path: peoplePath, title: "console.people", operation: "people.list", command: "user list --json", listed: true, list: peopleList()},
		{path: personPath, title: "console.person", operation: "people.show", command: "user show {person} --json", fill: (*Console).showPerson},
		{path: findPath, title: "console.find", operation: "people.list", command: "user list --json", fill: (*Console).showFind},
		{path: resetLinkPath, title: "console.make_reset.title", operation: "people.reset_password", command: "user reset-password {person} --print-link", fill: (*Console).showResetLink},
		{path: invitationsPath, title: "console.invitations", operation: "invitations.list", command: "invite list --json", listed: true, used: byInvitation, fill: (*Console).showInvitations, list: invitationList()},
		{path: invitationLinkPath, title: "console.invite.title", operation: "invitations.create", command: "invite create --print-link …", fill: (*Console).showInvitationLink},
		{path: sessionsPath, title: "console.sessions", operation: "sessions.all", command: "session list --json", listed: true, list: sessionList()},
		{path: groupsPath, title: "console.groups", operation: "groups.list", command: "group list --json", listed: true, list: groupList()},
		{path: groupPath, title: "console.group", operation: "members.list", command: "group show {group} --json", fill: (*Console).showGroup, list: memberList()},
		{path: appsPath, title: "account.applications", operation: "clients.list", command: "client list --json", listed: true, list: appList()},
		{path: appPath, title: "console.app", operation: "clients.show", command: "client show {client}", fill: (*Console).showApp},
		{path: secretPath, title: "console.secret", operation: "clients.add_secret", fill: (*Console).showSecretOf},
		{path: activityPath, title: "account.activity", operation: "events.list", command: "audit list --json", listed: true, fill: (*Console).showChain, list: eventList()},
		{path: messagesPath, title: "console.messages", operation: "deliveries.list", command: "outbox list --json", listed: true, fill: (*Console).showBacklog, list: messageList()},
		{path: feedsPath, title: "console.feeds", operation: "feeds.list", command: "events list --json", listed: true, list: feedList()},
		{path: configurationPath, title: "console.configuration", operation: "configuration.show", command: "config status --json", listed: true, fill: (*Console).showConfiguration, list: nodeList()},
		{path: keysPath, title: "console.keys", operation: "keys.list", command: "keys list --json", listed: true, list: keyList()},
		{path: referencePath, title: "console.reference", operation: "clients.list", listed: true, fill: (*Console).showReference},
		{path: operationPath, title: "console.reference", operation: "clients.list", fill: (*Console).showOperation},
		{path: Root + "/jobs", title: "console.jobs", operation: "jobs.list", listed: true, list: jobList()},
	}
}

// titleOf is the key of the heading of a page.
func (c *Console) titleOf(path string) string {
	all := c.pages()
	if i := slices.IndexFunc(all, func(p page) bool { return p.path == path }); i >= 0 {
		return all[i].title
	}
	return "console.title"
}

// screen is what a page shows.
type screen struct {
	ui.Page
	// Person is who administers.
	Person string
	// Sections are the navigation.
	Sections []section
	// Up leads to the page above; empty is none. Over it says whom a page is about.
	Up link
	// Tags stand beside the heading, and Lead below it.
	Tags   []cell
	Lead   string
	Blocks []block
	Same   same
	// ctx is that of the request.
	ctx context.Context
}

// Initial stands for a picture of who administers.
func (s screen) Initial() string { return ui.Identity{Person: s.Person}.Initial() }

// Screen implements ui.Screen.
func (screen) Screen() string { return "console" }

// section is an entry of the navigation.
type section struct {
	URL, Label string
	Current    bool
}

// link leads somewhere.
type link struct {
	ID, URL, Label string
	// Danger says that it takes something away.
	Danger bool
	// Soft stands beside it, smaller.
	Soft string
}

// same is how what a page does is done otherwise: by commands, where there are some, and
// by calls of the API.
type same struct {
	Commands []string
	Calls    []call
}

// call is one of the API.
type call struct{ Method, Path string }

// begin starts a page.
func (c *Console) begin(w http.ResponseWriter, r *http.Request, v *visit, title string) *screen {
	s := &screen{Page: c.cfg.UI.Begin(w, r, ui.Options{Title: title, Action: r.URL.Path}), Person: v.User.Identifier(), ctx: r.Context()}
	s.In(v.User.Profile.Zoneinfo)
	if key, ok := doneNotices[r.URL.Query().Get(doneParam)]; ok {
		s.Say(ui.NoticeDone, key)
	}
	s.Tell(v.said)
	for _, p := range c.pages() {
		if !p.listed || p.used != nil && !p.used(c) || !v.may.Has(c.scopeOf(p.operation)) {
			continue
		}
		current := r.URL.Path == p.path || p.path != Root && strings.HasPrefix(r.URL.Path, p.path+"/")
		s.Sections = append(s.Sections, section{p.path, s.T(p.title), current})
	}
	return s
}

// doneParam says in the address of a page what was done: a key of doneNotices.
const doneParam = "done"

// doneNotices are what a page may be told to say. The list is closed: nobody can make a
// page say anything else (content spoofing).
var doneNotices = map[string]string{"done": "console.done", "unchanged": "console.unchanged", "nothing": "console.nothing_picked", "file": "console.by_file", "itself": "console.by_itself"}

// redirectDone sends the browser on after a change, to a page that says so (AZ7).
func redirectDone(w http.ResponseWriter, r *http.Request, path, done string) error {
	http.Redirect(w, r, path+"?"+url.Values{doneParam: {done}}.Encode(), http.StatusSeeOther)
	return nil
}

// placeholders are what addresses and commands name in braces.
var placeholders = []string{"person", "group", "client", "session", "invitation", "delivery", "feed", "key"}

// sameAs says by which command and which call of the API the same is done, with what the
// address names filled in.
func (c *Console) sameAs(r *http.Request, operation, command string, query url.Values) same {
	o := c.operations[operation]
	path, words := api.Prefix+o.Path, command
	for _, name := range placeholders {
		values := query[name]
		if in := r.PathValue(name); in != "" {
			values = []string{in}
		}
		if len(values) == 0 || values[0] == "" {
			continue
		}
		var quoted []string
		for _, value := range values {
			if name == "feed" {
				value = strings.TrimPrefix(value, "webhook:") // which commands leave out
			}
			quoted = append(quoted, quote(value))
		}
		words = strings.ReplaceAll(words, "{"+name+"}", strings.Join(quoted, " "))
		if _, err := storage.ID(values[0]).Bytes(); name != "group" || err == nil { // commands know groups by their names
			path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(values[0]))
		}
	}
	said := same{Calls: []call{{o.Method, path}}}
	if words != "" {
		said.Commands = []string{"latchkey " + words}
	}
	return said
}

// quote spells a word for a shell.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.@:/", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// show answers with a page.
func (c *Console) show(p page) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		query := r.URL.Query()
		if format := query.Get(formatParam); p.list != nil && slices.Contains(formats, format) {
			return c.export(w, r, v, p, format)
		}
		s := c.begin(w, r, v, p.title)
		if p.fill != nil {
			if err := p.fill(c, r, v, s); err != nil {
				return c.refused(w, r, p.path, "show page", err)
			}
		}
		if p.list != nil {
			if err := p.list.fill(c, r, v, s); err != nil {
				return c.refused(w, r, p.path, "show list", err)
			}
		}
		s.Same = c.sameAs(r, p.operation, strings.ReplaceAll(p.command, "{group}", quote(s.Title)), nil)
		for _, also := range p.also {
			if v.may.Has(c.scopeOf(also)) {
				s.Same.Calls = append(s.Same.Calls, c.sameAs(r, also, "", nil).Calls...)
			}
		}
		if p.path == referencePath || p.path == operationPath {
			s.Same.Calls = []call{{http.MethodGet, api.DocumentPath}}
		}
		return c.render(w, s)
	}
}

func (c *Console) render(w http.ResponseWriter, s *screen) error {
	return c.cfg.UI.Execute(w, http.StatusOK, c.template, s)
}
