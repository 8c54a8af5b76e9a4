package message

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	text "text/template"
	"time"

	"github.com/latchkey-id/latchkey/internal/locale"
	"github.com/latchkey-id/latchkey/storage"
)

//go:embed templates
var embedded embed.FS

// The templates that every message has. One named after a kind
// ("password_reset.html") wins over them for that kind.
const (
	mailHTML = "mail.html"
	mailText = "mail.txt"
	smsText  = "sms.txt"
)

// Templates are how messages look and the words they are in.
type Templates struct {
	html  map[string]*template.Template
	text  map[string]*text.Template
	texts *locale.Catalog
}

// LoadTemplates reads the embedded templates and texts. What the folder holds
// wins: FOLDER/mail.html, mail.txt and sms.txt, FOLDER/KIND.html and KIND.txt
// for one kind of message, FOLDER/locales/xx.json for some or all texts of a
// language. An empty folder is none. Where there is one, every message is tried in
// every language, so that what cannot be sent is found out now; a test does that
// for what is embedded.
func LoadTemplates(folder string) (*Templates, error) {
	t := &Templates{html: map[string]*template.Template{}, text: map[string]*text.Template{}, texts: locale.New()}
	files, err := fs.Sub(embedded, "templates")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	if err := t.read(files); err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	if folder == "" {
		return t, nil
	}
	if err := t.override(os.DirFS(folder)); err != nil {
		return nil, fmt.Errorf("folder %s: %w", folder, err)
	}
	return t, t.try()
}

func (t *Templates) override(files fs.FS) error {
	if err := t.read(files); err != nil {
		return err
	}
	return t.texts.Overlay(files, mailPrefix, smsPrefix)
}

// read parses the templates among files. A name that no message would ever use
// is a slip: it is refused.
func (t *Templates) read(files fs.FS) error {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return fmt.Errorf("read templates: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || strings.HasPrefix(name, ".") {
			continue
		}
		if !known(name) {
			return fmt.Errorf("no message uses %s", name)
		}
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read template: %w", err)
		}
		if path.Ext(name) == ".html" {
			t.html[name], err = template.New(name).Option("missingkey=error").Parse(string(raw))
		} else {
			t.text[name], err = text.New(name).Option("missingkey=error").Parse(string(raw))
		}
		if err != nil {
			return fmt.Errorf("parse template: %w", err)
		}
	}
	return nil
}

// known reports whether a template of this name is looked for.
func known(name string) bool {
	if name == mailHTML || name == mailText || name == smsText {
		return true
	}
	kind, ext := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
	return ext == ".html" && slices.Contains(kinds[storage.ChannelEmail], kind) ||
		ext == ".txt" && (slices.Contains(kinds[storage.ChannelEmail], kind) || slices.Contains(kinds[storage.ChannelSMS], kind))
}

// render writes a message.
func (t *Templates) render(brand Brand, host string, channel storage.Channel, asked Asked, c content) (Mail, error) {
	in := localized{t.texts.Match(asked.Locale, c.locale)}
	v := in.view(brand, host, asked, c)
	m := Mail{Channel: channel, To: c.to, Locale: in.Tag, Code: c.code}
	var err error
	if channel == storage.ChannelSMS {
		v.Text = in.Get(smsPrefix+c.key, in.values(brand, c)...)
		m.Text, err = execute(pick(t.text, c.key+".txt", smsText), v)
		return m, err
	}
	m.Subject = v.Title
	if m.Text, err = execute(pick(t.text, c.key+".txt", mailText), v); err != nil {
		return Mail{}, err
	}
	m.HTML, err = execute(pick(t.html, c.key+".html", mailHTML), v)
	return m, err
}

func pick[T any](all map[string]T, names ...string) T {
	for _, name := range names[:len(names)-1] {
		if t, ok := all[name]; ok {
			return t
		}
	}
	return all[names[len(names)-1]]
}

// execute runs a template of either kind.
func execute(t interface{ Execute(io.Writer, any) error }, v View) (string, error) {
	var b strings.Builder
	if err := t.Execute(&b, v); err != nil {
		return "", fmt.Errorf("write %s message: %w", v.Kind, err)
	}
	return strings.TrimSpace(b.String()) + "\n", nil
}

// try writes every message in every language.
func (t *Templates) try() error {
	var errs []error
	for _, texts := range t.texts.All() {
		for channel, keys := range kinds {
			for _, key := range keys {
				if err := t.tryOne(texts.Tag, channel, key); err != nil {
					errs = append(errs, fmt.Errorf("message %s in %s: %w", key, texts.Tag, err))
				}
			}
		}
	}
	return errors.Join(errs...)
}

func (t *Templates) tryOne(lang string, channel storage.Channel, key string) error {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	m, err := t.render(Brand{Name: "Example", Accent: "#224488", OnAccent: "#ffffff"}, "id.example.com", channel,
		Asked{Locale: lang, At: at, Address: "192.0.2.1"}, sample(key))
	if err != nil {
		return err
	}
	for _, part := range []string{m.Subject, m.Text, m.HTML} {
		if strings.Contains(part, "<no value>") || strings.Contains(part, "&lt;no value&gt;") {
			return errors.New("its placeholders do not fit what they are given")
		}
	}
	if m.Code != "" && !strings.Contains(m.Text, m.Code) && !strings.Contains(m.Text, grouped(m.Code)) || channel == storage.ChannelEmail && m.Subject == "" {
		return errors.New("it has no subject, or lacks its code")
	}
	return nil
}

// sample is a message with everything that one of its kind says.
func sample(key string) content {
	c := content{to: "robin@example.com", key: key, linkLasts: time.Hour}
	switch key {
	case "sign_up", "verify_email", "email_change":
		c.link, c.code, c.codeLasts = "https://id.example.com/verify?token=AbC", "12345678", time.Minute
	case "sign_up_exists":
		c.link, c.also = "https://id.example.com/login", "https://id.example.com/forgot-password"
	case "email_code":
		c.code = "123456"
	case "sms_code", "phone_verify":
		c.code, c.values = "123456", []any{"Code", "123456"}
	case "email_change_asked", "email_changed":
		c.link, c.values, c.happened = "https://id.example.com/undo?token=AbC", []any{"Email", "b•••@example.com"}, true
	case "email_undone":
		c.values, c.happened = []any{"Email", "b•••@example.com"}, true
	case "deletion_planned":
		c.link, c.values, c.happened = "https://id.example.com/keep?token=AbC", []any{locale.Count, 14}, true
	case "factor_added", "factor_removed", "factor_locked", "passkey_cloned":
		c.link, c.values, c.happened = "https://id.example.com/account", []any{"Factor", factorLabel{storage.FactorTOTP, "Phone"}}, true
	case "recovery_used":
		c.link, c.values, c.happened = "https://id.example.com/account", []any{locale.Count, 3}, true
	case "locked_down":
		c.link, c.happened = "https://id.example.com/not-me?token=AbC", true
	case "sign_in_new":
		c.link, c.disowns, c.happened = "https://id.example.com/not-me?token=AbC", true, true
	case "email_change_taken", "deleted", "test":
	default:
		c.link = "https://id.example.com/account"
	}
	return c
}
