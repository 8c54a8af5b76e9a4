package scim

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// versionOf is the weak validator of a person: it is of what the source said, and of
// whether they may sign in.
func versionOf(version int64, disabled bool) string {
	return fmt.Sprintf(`W/"%d.%t"`, version, !disabled)
}

// userDocument is a person as their source sees them: what it said, and what is so.
func (s *Server) userDocument(p *storage.ProvisionedUser, in []storage.Group) (object, error) {
	doc := object{}
	if err := json.Unmarshal([]byte(p.Document), &doc); err != nil {
		return nil, fmt.Errorf("read document of provisioned person: %w", err)
	}
	s.users.declared(doc)
	schemas := []string{userURN}
	for i := range s.users.extensions {
		if urn := s.users.extensions[i].urn; doc[urn] != nil {
			schemas = append(schemas, urn)
		}
	}
	doc["schemas"], doc["id"], doc["userName"] = schemas, string(p.UserID), p.UserName
	if _, unassigned := doc["active"]; unassigned {
		delete(doc, "active")
	} else {
		doc["active"] = !p.User.Disabled()
	}
	if p.ExternalID != "" {
		doc["externalId"] = p.ExternalID
	}
	var shown []any
	for i := range in {
		shown = append(shown, object{"value": string(in[i].ID), "$ref": s.base() + "/Groups/" + string(in[i].ID), "display": in[i].Name})
	}
	if shown != nil {
		doc["groups"] = shown
	}
	doc["meta"] = s.meta("User", "/Users/"+string(p.UserID), p.CreatedAt, p.UpdatedAt, versionOf(p.Version, p.User.Disabled()))
	return doc, nil
}

func (s *Server) meta(kind, path string, created, modified time.Time, version string) object {
	return object{
		"resourceType": kind, "location": s.base() + path, "version": version,
		"created": created.UTC().Format(time.RFC3339Nano), "lastModified": modified.UTC().Format(time.RFC3339Nano),
	}
}

// word is what a source says of a person by a document. One without active says nothing
// of whether they may sign in: that stays as it is, and is not shown to the source until
// it says it again (unassigned, RFC 7643 section 2.5).
func (s *Server) word(q *request, doc object) (account.Word, error) {
	w := account.Word{UserName: textOf(doc, "userName"), ExternalID: textOf(doc, "externalId"), EmailVerified: q.source.EmailVerified, Adopt: q.source.Adopt}
	active, said := doc["active"].(bool)
	if said {
		w.Active = &active
	}
	switch {
	case ident.Canonical(w.UserName) == "":
		return w, bad("invalidValue", "userName is required")
	case len(w.UserName) > ident.MaxDeviceName*8 || ident.Text(w.UserName) != nil || ident.Text(w.ExternalID) != nil || len(w.ExternalID) > maxText:
		return w, bad("invalidValue", "userName or externalId is too long, or no line of text")
	}
	w.Email = textOf(preferred(doc["emails"]), "value")
	switch {
	case !strings.Contains(w.UserName, "@"):
		if _, err := ident.Username(w.UserName); err == nil {
			w.Username = w.UserName
		} else if w.Email == "" {
			return w, bad("invalidValue", "userName cannot be a username, and there is no address: %v", err)
		}
	case w.Email == "":
		w.Email = w.UserName
	}
	var err error
	if w.Profile, err = profileOf(doc); err != nil {
		return w, err
	}
	kept := maps.Clone(doc)
	for _, name := range []string{"schemas", "id", "userName", "externalId", "active", "groups", "meta"} {
		delete(kept, name)
	}
	if !said {
		kept["active"] = nil
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return w, fmt.Errorf("keep document of provisioned person: %w", err)
	}
	if len(text) > maxDocument {
		return w, &problem{413, "tooLarge", "a person is larger than " + strconv.Itoa(maxDocument) + " bytes"}
	}
	w.Document = string(text)
	return w, nil
}

// maxDocument bounds what a source says of a person, in bytes.
const maxDocument = 32 << 10

// preferred is the one of a list that is primary, or the first.
func preferred(list any) object {
	all, _ := list.([]any)
	for _, one := range all {
		if inner, ok := one.(object); ok && inner["primary"] == true {
			return inner
		}
	}
	if len(all) > 0 {
		first, _ := all[0].(object)
		return first
	}
	return nil
}

// lenient are claims that sources send in spellings of their own (Windows' names of time
// zones, en_US, notes in a postal code): one that cannot be a claim is kept for the source, and is none.
var lenient = map[string]bool{"locale": true, "zoneinfo": true, "profile": true, "picture": true, "postal_code": true}

// profileOf are the claims that follow of a document.
func profileOf(doc object) (storage.Profile, error) {
	name, _ := doc["name"].(object)
	address := preferred(doc["addresses"])
	whole := textOf(doc, "displayName")
	if whole == "" {
		whole = textOf(name, "formatted")
	}
	if whole == "" {
		whole = strings.TrimSpace(textOf(name, "givenName") + " " + textOf(name, "familyName"))
	}
	locale := textOf(doc, "locale")
	if locale == "" {
		locale = textOf(doc, "preferredLanguage")
	}
	var profile storage.Profile
	for claim, value := range map[string]string{
		"name": whole, "given_name": textOf(name, "givenName"), "family_name": textOf(name, "familyName"), "middle_name": textOf(name, "middleName"),
		"nickname": textOf(doc, "nickName"), "profile": textOf(doc, "profileUrl"), "picture": textOf(preferred(doc["photos"]), "value"),
		"locale": strings.ReplaceAll(locale, "_", "-"), "zoneinfo": textOf(doc, "timezone"), "formatted_address": textOf(address, "formatted"),
		"street_address": textOf(address, "streetAddress"), "locality": textOf(address, "locality"), "region": textOf(address, "region"),
		"postal_code": textOf(address, "postalCode"), "country": textOf(address, "country"),
	} {
		account.SetClaim(&profile, claim, value)
		if !lenient[claim] {
			continue
		}
		var alone storage.Profile
		account.SetClaim(&alone, claim, value)
		if len(account.CheckNewProfile(&alone)) > 0 {
			account.SetClaim(&profile, claim, "")
		}
	}
	if problems := account.CheckNewProfile(&profile); len(problems) > 0 {
		return profile, problems[0]
	}
	return profile, nil
}
