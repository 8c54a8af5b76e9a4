package message

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// defaultLanguage is what is spoken where no other is asked for or known.
const defaultLanguage = "en"

// texts are the words of messages in one language.
type texts struct {
	lang  string
	words map[string]string
}

// readTexts reads locales/xx.json files.
func readTexts(files fs.FS) (map[string]texts, error) {
	names, err := fs.Glob(files, "locales/*.json")
	if err != nil {
		return nil, fmt.Errorf("list locales: %w", err)
	}
	found := make(map[string]texts, len(names))
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
		lang := strings.TrimSuffix(path.Base(name), ".json")
		t := texts{lang: lang, words: map[string]string{}}
		if err := json.Unmarshal(raw, &t.words); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		found[lang] = t
	}
	return found, nil
}

// overlay lays texts of others over ours. Every key must be one of ours, and
// speak of the same things; a language that is not ours must have every key.
func overlay(ours, theirs map[string]texts) error {
	english := ours[defaultLanguage].words
	for _, lang := range slices.Sorted(maps.Keys(theirs)) {
		t := theirs[lang]
		for key, text := range t.words {
			like, known := english[key]
			if !known {
				return fmt.Errorf("locales/%s.json: no text is named %q", lang, key)
			}
			if verbs(text) != verbs(like) {
				return fmt.Errorf("locales/%s.json: %s has the placeholders %q, want %q", lang, key, verbs(text), verbs(like))
			}
		}
		base, ok := ours[lang]
		if !ok {
			for key := range english {
				if _, has := t.words[key]; !has {
					return fmt.Errorf("locales/%s.json: the text %q is missing", lang, key)
				}
			}
			ours[lang] = t
			continue
		}
		maps.Copy(base.words, t.words)
	}
	return nil
}

// verbs are the placeholders of a text, sorted: two texts with the same take
// the same arguments.
func verbs(text string) string {
	var found []string
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		end := i + 1
		for end < len(text) && strings.IndexByte("[]0123456789", text[end]) >= 0 {
			end++
		}
		if end < len(text) {
			found = append(found, text[i:end+1])
		}
		i = end
	}
	slices.Sort(found)
	return strings.Join(found, " ")
}

// choose returns the texts of the first language that is known, by itself or
// without its region.
func choose(all map[string]texts, wanted ...string) texts {
	for _, tag := range wanted {
		tag = strings.ReplaceAll(tag, "_", "-")
		base, _, _ := strings.Cut(tag, "-")
		for _, lang := range []string{tag, strings.ToLower(tag), strings.ToLower(base)} {
			if t, ok := all[lang]; ok {
				return t
			}
		}
	}
	return all[defaultLanguage]
}

// rightToLeft are the languages that are written so.
var rightToLeft = []string{"ar", "fa", "he", "ur"}

// direction is the value of HTML's dir.
func (t texts) direction() string {
	base, _, _ := strings.Cut(t.lang, "-")
	if slices.Contains(rightToLeft, base) {
		return "rtl"
	}
	return "ltr"
}

// The marks between which a word keeps its own direction (Unicode UAX #9).
const (
	isolate    = "\u2068"
	endIsolate = "\u2069"
)

// get returns a text by its key; empty where there is none.
func (t texts) get(key string, args ...any) string {
	text := t.words[key]
	if len(args) == 0 || text == "" {
		return text
	}
	spelled := make([]any, len(args))
	for i, arg := range args {
		spelled[i] = arg
		if label, ok := arg.(factorLabel); ok {
			spelled[i] = t.factor(label)
		}
		if s, ok := spelled[i].(string); ok && t.direction() == "rtl" {
			spelled[i] = isolate + s + endIsolate
		}
	}
	return fmt.Sprintf(text, spelled...)
}

// factor names a factor.
func (t texts) factor(label factorLabel) string {
	kind, ok := t.words["factor."+string(label.kind)]
	if !ok {
		kind = t.words["factor.any"]
	}
	name := ident.Cut(ident.Clean(label.name), ident.MaxDeviceName)
	if name == "" {
		return kind
	}
	return fmt.Sprintf(t.words["factor.named"], kind, name)
}

// kinds are the keys of what is said, by the channel it is said over.
var kinds = map[storage.Channel][]string{
	storage.ChannelEmail: {
		"sign_up", "sign_up_exists", "verify_email", "password_reset", "password_changed", "email_change", "email_change_taken",
		"email_changed", "email_code", "invitation", "factor_added", "factor_removed", "factors_reset", "factor_locked",
		"recovery_used", "recovery_replaced", "passkey_cloned", "deletion_planned", "deleted", "test",
	},
	storage.ChannelSMS: {"sms_code", "phone_verify", "test"},
}
