package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// inDatabase is how many people the console is tried with.
const inDatabase = 10_000

// startConsole starts a provider whose database holds many people, of whom some are in a
// group.
func startConsole(t *testing.T) *site {
	t.Helper()
	a := newApplication(t)
	s := startWith(t, testenv.Latchkey{}, settings{
		"admin": settings{"console": true}, "sign_up": settings{"mode": "invitation"}, "events": settings{"stream": settings{"to": "stdout"}},
	}, a.clients(map[string]settings{
		"wiki": {"access": []any{settings{"groups": []string{"staff"}}}}, "calendar": {},
	}))
	a.site = s
	var lines strings.Builder
	for i := range inDatabase {
		fmt.Fprintf(&lines, `{"email":"many%05d@example.com","email_verified":true,"name":"Person %05d","username":"many%05d"}`+"\n", i, i, i)
	}
	s.Command(lines.String(), "user", "import", "--format", "jsonl", "-", "--apply")
	s.Command("", "group", "create", "staff", "--role", "worker")
	s.Command("", "group", "add", "staff", "many00001@example.com", "many00002@example.com")
	return s
}

// administrator is somebody with a role, who signs in at the console and sets up the
// second factor that it asks for.
func (b *tab) administrator(role string) *person {
	b.t.Helper()
	boss := b.s.account("--name", "Grace Hopper")
	b.s.Command("", "user", "set-roles", boss.email, role)
	b.get("/admin")
	b.signIn(boss)
	b.enrollApp(boss)
	b.at("/admin")
	return boss
}

// consoleMenu opens a page of the console by its navigation.
func (b *tab) consoleMenu(path string) {
	b.t.Helper()
	b.follow(`nav a[href="` + path + `"]`)
	b.at(path)
}

// TestConsole looks after somebody, on every kind of screen: finds them among many, looks
// at what they hold, disables and enables them, and puts them into a group.
func TestConsole(t *testing.T) {
	t.Parallel()
	s := startConsole(t)
	s.each(t, all, func(t *testing.T, b *tab) {
		ada := s.account("--name", "Ada Lovelace")
		b.administrator("latchkey-owner")
		b.consoleMenu("/admin/people")
		b.want("#list-next")
		b.follow("#list-next")
		b.want("#list-start")
		b.fill("q", ada.email)
		b.press("list-search")
		b.follow(".rows tbody th a")
		b.want("#act-disable")
		person := b.url().Path

		b.follow("#act-disable")
		b.want("#reason:invalid") // a reason is required
		b.fill("reason", "left the company")
		b.press("act-submit")
		b.at(person)
		b.says("notice", "Done")
		b.wantNo("#act-disable")
		b.follow("#act-enable")
		b.fill("reason", "came back")
		b.press("act-submit")
		b.follow("#act-join-group")
		b.fill("group", "staff", "reason", "works here")
		b.press("act-submit")
		if groups := strings.Join(b.texts("#groups .rows"), " "); !strings.Contains(groups, "staff") {
			b.fatalf("their groups are %q", groups)
		}
		if activity := strings.Join(b.texts("#activity .rows"), " "); !strings.Contains(activity, "left the company") {
			b.fatalf("their activity is %q", activity)
		}
		b.makesAndInvites()
	})
}

// makesAndInvites makes an account, invites somebody and takes that back, and rotates keys.
func (b *tab) makesAndInvites() {
	b.t.Helper()
	made, guest := stranger().email, stranger().email
	b.consoleMenu("/admin/people")
	b.follow("#act-new")
	b.fill("email", made, "reason", "starts on Monday")
	b.press("act-submit")
	b.want("#act-send-reset")
	if said := strings.Join(b.texts("#facts"), " "); !strings.Contains(said, made) {
		b.fatalf("what was made is %q", said)
	}
	b.consoleMenu("/admin/invitations")
	b.follow("#act-new")
	b.fill("email", guest, "reason", "starts on Tuesday")
	b.press("act-submit")
	b.at("/admin/invitations")
	if b.message(guest, "invit").Links == nil {
		b.fatalf("the invitation has no link")
	}
	b.get(b.eval(fmt.Sprintf(`[...document.querySelectorAll("#list tbody tr")].find(r => r.textContent.includes(%q)).querySelector(".ends").getAttribute("href")`, guest)))
	b.fill("reason", "starts elsewhere")
	b.press("act-submit")
	b.says("notice", "Done")
	b.consoleMenu("/admin/keys")
	b.follow("#act-rotate")
	b.fill("reason", "a year is over")
	b.press("act-submit")
	b.at("/admin/keys")
	b.want("#notice")
}

// TestConsolePages shows every page of the console to an accessibility checker, with many
// people in the database, and takes its pictures.
func TestConsolePages(t *testing.T) {
	t.Parallel()
	testenv.NodeModules(t, "node")
	s := startConsole(t)
	s.walk(t, "owner", func(t *testing.T, b *tab) {
		other := b.device()
		ada := s.account("--name", "Ada Lovelace")
		other.demo()
		other.signIn(ada)
		other.get("/logout")
		b.administrator("latchkey-owner")
		b.picture("console-overview")
		for _, page := range []string{"people", "invitations", "sessions", "groups", "applications", "activity", "messages", "feeds", "configuration", "keys", "reference", "jobs"} {
			b.consoleMenu("/admin/" + page)
			b.picture("console-" + page)
			b.fits(768)
		}
		b.get("/admin/people?q=" + ada.email)
		b.follow(".rows tbody th a")
		b.picture("console-person")
		person := b.url().Path
		for _, act := range []string{"edit", "set-roles", "lockdown"} {
			b.get(person + "/" + act)
			b.picture("console-" + act)
		}
		b.do("send it without a reason", chromedp.EvaluateAsDevTools[chromedp.Void](`document.querySelector("form.panel").noValidate = true`))
		b.press("act-submit")
		b.says("reason-error", "fill")
		b.accessible("console form refused")
		b.get("/admin/people?q=nobody-is-called-that")
		b.accessible("console nothing found")
		b.get("/admin/groups")
		b.follow(".rows tbody th a")
		b.picture("console-group")
		b.get("/admin/applications/wiki")
		b.picture("console-application")
		b.get("/admin/applications/new")
		b.picture("console-new-application")
		for _, page := range []string{"/admin/people/new", "/admin/invitations/new", "/admin/feeds/replay?feed=stream", "/admin/reference/people.create"} {
			b.get(page)
			b.accessible("console " + page)
		}
		b.get("/admin/find?q=many0000")
		b.accessible("console find")
		b.do("press Ctrl-K", chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
		b.appears("dialog[open] .results a")
		b.accessible("console palette")
		b.get("/admin/people?lang=ar")
		b.accessible("console from right to left")
		b.get("/admin/people?lang=de")
		b.accessible("console in German")
	})
}

// fits checks that the page is no wider than a window, such as that of a tablet.
func (b *tab) fits(width int64) {
	b.t.Helper()
	b.show(look{width: width, height: 1024})
	b.settle()
	if out := b.eval(outside); out != "" {
		b.t.Errorf("%s, at %d: beyond its frame stands: %s", b.url().Path, width, out)
	}
	b.show(b.look)
}

// appears waits until a script shows something.
func (b *tab) appears(selector string) {
	b.t.Helper()
	b.do("see "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// TestConsoleIsQuickWithScripts: a list follows what is typed, and the palette leads to
// somebody by keys alone.
func TestConsoleIsQuickWithScripts(t *testing.T) {
	t.Parallel()
	s := startConsole(t)
	s.each(t, []look{desktop}, func(_ *testing.T, b *tab) {
		b.administrator("latchkey-owner")
		b.get("/admin/people")
		b.fill("q", "many00077")
		b.appears(`#list tbody tr:first-child:last-child a`)
		if found := strings.Join(b.texts("#list tbody th"), " "); !strings.Contains(found, "Person 00077") {
			b.fatalf("the list shows %q", found)
		}
		if b.url().RawQuery != "q=many00077" {
			b.fatalf("the address is %s", b.url())
		}
		b.do("press Ctrl-K", chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
		b.appears("dialog[open]")
		b.do("type a name", chromedp.KeyEvent("many00123"))
		b.appears(`dialog[open] .results li:first-child:last-child a[href^="/admin/people/"]`)
		b.arrive("choose with keys", chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter))
		b.want("#act-disable")
		if name := strings.Join(b.texts("h1"), " "); name != "Person 00123" {
			b.fatalf("it leads to %q", name)
		}
	})
}
