package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// appField is a member of the metadata with a field of its own.
type appField struct {
	name, label string
	list        bool
}

// appFields are the members of the metadata that the form has a field for; lists are
// areas with one a line. All others stand together as JSON.
var appFields = []appField{
	{"client_name", "console.name", false}, {"redirect_uris", "console.redirects", true}, {"post_logout_redirect_uris", "console.logout_redirects", true},
	{"scope", "console.scopes", false},
}

// metadataField is the area for all else, and maxMetadata bounds it, in bytes.
const (
	metadataField = "metadata"
	maxMetadata   = 16 << 10
)

// isChosenID reports whether a word may be the id of a new client.
func isChosenID(id string) bool {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._~-", r)
	}
	return id != "" && len(id) <= 128 && !strings.ContainsFunc(id, func(r rune) bool { return !plain(r) })
}

// metadataOf is the metadata that a form says. What it judges is whether that is JSON:
// all else is the registrar's.
func metadataOf(r *http.Request) ([]byte, error) {
	wrong := func(cause error) error {
		return &registration.Error{Problems: []client.Problem{{Field: metadataField, Message: cause.Error()}}}
	}
	members := map[string]any{}
	typed := strings.TrimSpace(r.PostForm.Get(metadataField))
	if len(typed) > maxMetadata {
		return nil, wrong(fmt.Errorf("more than %d bytes", maxMetadata))
	}
	if typed != "" {
		if err := json.Unmarshal([]byte(typed), &members); err != nil {
			return nil, wrong(err)
		}
	}
	for _, f := range appFields {
		if _, twice := members[f.name]; twice {
			return nil, wrong(errors.New(f.name + " has a field of its own"))
		}
		words := strings.Fields(r.PostForm.Get(f.name))
		switch {
		case len(words) == 0:
		case f.list:
			members[f.name] = words
		default:
			members[f.name] = strings.Join(words, " ")
		}
	}
	if kind := r.PostForm.Get("client_type"); kind != "" {
		members["client_type"] = kind
	}
	return json.Marshal(members)
}

func newAppFields(_ *Console, v *visit, _ *target, s *screen, f *form) error {
	err := f.field(s, v, "client_id", "", "label=console.client_id", "hint=console.client_id_hint", "maxlength=128", "plain", "autocomplete=off")
	if err != nil {
		return err
	}
	return f.appFields(s, v, map[string]any{})
}

// editAppFields have what the row says, not what it comes to: a default that is not
// written stays one.
func editAppFields(_ *Console, v *visit, t *target, s *screen, f *form) error {
	members := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(t.Row.Metadata))
	decoder.UseNumber()
	if err := decoder.Decode(&members); err != nil {
		return fmt.Errorf("read metadata: %w", err)
	}
	s.Carry("version", v.typed("version", strconv.FormatInt(t.Row.Version, 10)))
	return f.appFields(s, v, members)
}

// appFields adds the fields of metadata.
func (f *form) appFields(s *screen, v *visit, members map[string]any) error {
	kind, _ := members["client_type"].(string)
	delete(members, "client_type")
	var types []ui.Option
	for _, t := range []client.Type{client.TypeConfidential, client.TypePublic, client.TypeNative, client.TypeService} {
		types = append(types, ui.Option{Value: string(t), Label: s.T("console.type_" + string(t))})
	}
	for _, field := range appFields {
		said := ""
		switch value := members[field.name].(type) {
		case string:
			said = value
		case []any:
			for _, one := range value {
				said += fmt.Sprintln(one)
			}
		}
		delete(members, field.name)
		if field.list {
			f.area(s, v, field.name, s.T(field.label), s.T("console.one_a_line"), said, 3)
			continue
		}
		if err := f.field(s, v, field.name, said, "label="+field.label, "maxlength=2000", "plain", "autocomplete=off"); err != nil {
			return err
		}
		if field.name == "client_name" {
			chosen, err := s.Select("client_type", v.typed("client_type", kind), types, "label=console.kind", "autocomplete=off")
			if err != nil {
				return err
			}
			f.Fields = append(f.Fields, chosen)
		}
	}
	rest := ""
	if len(members) > 0 {
		text, err := json.MarshalIndent(members, "", "  ")
		if err != nil {
			return fmt.Errorf("show metadata: %w", err)
		}
		rest = string(text)
	}
	f.area(s, v, metadataField, s.T("console.metadata"), s.T("console.metadata_hint"), rest, 6+strings.Count(rest, "\n"))
	return nil
}

// area adds a field of several lines.
func (f *form) area(s *screen, v *visit, name, label, hint, value string, rows int) {
	f.Areas = append(f.Areas, area{Name: name, Label: label, Hint: hint, Error: s.Errors[name], Value: v.typed(name, strings.TrimSpace(value)), Rows: min(rows, 24)})
}

// problemsOfApp are what the form of an application says where its metadata was not
// taken: in the words of the registrar, which are those of the specifications.
func problemsOfApp(err error) []flash.Problem {
	var refused *registration.Error
	if !errors.As(err, &refused) {
		return nil
	}
	said := map[string][]string{}
	for _, p := range refused.Problems {
		field, _, _ := strings.Cut(p.Field, "[")
		field, _, _ = strings.Cut(field, ".")
		message := p.Message
		if field != "client_type" && !slices.ContainsFunc(appFields, func(f appField) bool { return f.name == field }) {
			if field != "" && field != metadataField {
				message = p.Field + ": " + message
			}
			field = metadataField
		}
		said[field] = append(said[field], message)
	}
	if len(said) == 0 {
		said[metadataField] = []string{refused.Description}
	}
	var problems []flash.Problem
	for _, field := range slices.Sorted(maps.Keys(said)) {
		problems = append(problems, flash.Problem{Field: field, Text: "console.not_taken", Args: []any{"Reason", strings.Join(said[field], "; ")}})
	}
	return problems
}
