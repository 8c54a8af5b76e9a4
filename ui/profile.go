package ui

import "slices"

// AccountProfile edits what a person says of themselves, in the fields that are
// asked for: button "profile-submit". They are named like the claims, but for
// username, and the parts of the address by their own names.
type AccountProfile struct {
	Account
	// Fields are the names of those that the form shows.
	Fields []string
	// Values are what the fields hold, by their names.
	Values map[string]string
	// Attributes are the custom attributes that the person edits, in fields of their
	// own, and Facts those that others say of them.
	Attributes, Facts []Attribute
	// Email and Phone are shown with links to their own pages.
	Email, Phone string
	// AskPhone says that phone numbers are of use here.
	AskPhone bool
}

// Screen implements [Screen].
func (AccountProfile) Screen() string { return "account/profile" }

// profileGroup are fields that stand together under a legend.
type profileGroup struct {
	legend string
	fields []profileField
}

// profileField is how a field is shown.
type profileField struct {
	name string
	// wide says that it takes the whole width.
	wide     bool
	settings []string // of Page.Input
	// options make it a list.
	options func(Page) []Option
}

// profileGroups are all the fields that a form may have, in their order.
var profileGroups = []profileGroup{
	{"profile.about", []profileField{
		{name: "name", wide: true, settings: []string{"autocomplete=name", "label=signup.name", "hint=profile.name_hint"}},
		{name: "given_name", settings: []string{"autocomplete=given-name"}},
		{name: "middle_name", settings: []string{"autocomplete=additional-name"}},
		{name: "family_name", settings: []string{"autocomplete=family-name"}},
		{name: "nickname", settings: []string{"autocomplete=nickname"}},
		{name: "username", wide: true, settings: []string{"autocomplete=username", "plain", "maxlength=64", "label=signup.username"}},
		{name: "birthdate", settings: []string{"type=date", "autocomplete=bday"}},
		{name: "gender", settings: []string{"autocomplete=sex"}},
	}},
	{"profile.region", []profileField{
		{name: "locale", settings: []string{"autocomplete=language"}, options: Page.LocaleOptions},
		{name: "zoneinfo", options: Page.ZoneOptions},
	}},
	{"profile.links", []profileField{
		{name: "website", wide: true, settings: []string{"type=url", "autocomplete=url", "maxlength=1024", "plain"}},
		{name: "profile", settings: []string{"type=url", "maxlength=1024", "plain"}},
		{name: "picture", settings: []string{"type=url", "autocomplete=photo", "maxlength=1024", "plain"}},
	}},
	{"profile.address", []profileField{
		{name: "street_address", wide: true, settings: []string{"autocomplete=street-address"}},
		{name: "postal_code", settings: []string{"autocomplete=postal-code", "plain", "maxlength=32"}},
		{name: "locality", settings: []string{"autocomplete=address-level2"}},
		{name: "region", settings: []string{"autocomplete=address-level1"}},
		{name: "country", settings: []string{"autocomplete=country-name"}},
	}},
}

// ProfileGroup are the fields of one legend, ready to be shown.
type ProfileGroup struct {
	Legend string
	Fields []Select
}

// Groups are the fields that are asked for, without groups that have none.
func (p AccountProfile) Groups() ([]ProfileGroup, error) {
	var groups []ProfileGroup
	for _, g := range profileGroups {
		group := ProfileGroup{Legend: p.T(g.legend)}
		for _, f := range g.fields {
			if !slices.Contains(p.Fields, f.name) {
				continue
			}
			var options []Option
			if f.options != nil {
				options = f.options(p.Page)
			}
			field, err := p.Select(f.name, p.Values[f.name], options, f.settings...)
			if err != nil {
				return nil, err
			}
			if f.options == nil {
				field.Options = nil
			}
			field.Wide = f.wide
			group.Fields = append(group.Fields, field)
		}
		if len(group.Fields) > 0 {
			groups = append(groups, group)
		}
	}
	more, err := p.attributeInputs(p.Attributes)
	if err != nil {
		return nil, err
	}
	if len(more) > 0 {
		groups = append(groups, ProfileGroup{Legend: p.T("profile.more"), Fields: more})
	}
	return groups, nil
}
