package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/storage"
)

// attributeField begins the name of the field of an attribute, so that none is
// taken for a claim.
const attributeField = "attribute_"

// AttributeField is what forms call the field of an attribute.
func AttributeField(name string) string { return attributeField + name }

// IsAttributeField reports whether a field is that of an attribute.
func IsAttributeField(field string) bool { return strings.HasPrefix(field, attributeField) }

// Attributes are the custom attributes that people may have.
func (s *Service) Attributes() attribute.Schema { return s.cfg.Attributes }

// audience says as whom an actor edits attributes; false: as nobody at all.
func (a Actor) audience() (attribute.Audience, bool) {
	if a.duties&DutyPeople != 0 {
		return attribute.Administrator, true
	}
	switch a.kind {
	case storage.ActorPerson, visitor:
		return attribute.Person, true
	case storage.ActorOperator:
		return attribute.Administrator, true
	case storage.ActorClient, storage.ActorSystem:
	}
	return "", false
}

// SetAttributes sets the custom attributes that are named, as JSON has their values;
// nil takes one away. It answers a [FieldError] for the first that cannot be, or
// that the actor may not edit (requirement RE4, mass assignment), and ErrChanged where
// others were set meanwhile.
func (s *Service) SetAttributes(ctx context.Context, by Actor, id storage.ID, set map[string]any) error {
	c, err := s.begin(ctx, by, changeAttributes, id)
	if err != nil {
		return err
	}
	to, changed, err := s.newerAttributes(by, c.user, set)
	if err != nil || len(changed) == 0 {
		return err
	}
	c.detail("attributes " + orNone(changed))
	return s.written(c, "set attributes", s.cfg.Profiles.SetAttributes(ctx, storage.AttributesChange{
		UserID: id, PasswordEpoch: c.user.PasswordEpoch, From: c.user.Attributes, To: to, Now: c.now,
	}, c.event))
}

// newerAttributes are all attributes once those named are set, and which of them differ
// then.
func (s *Service) newerAttributes(by Actor, user *storage.User, set map[string]any) (to storage.Attributes, changed []string, err error) {
	to, problems := s.CheckAttributes(by, user, set)
	if len(problems) > 0 {
		return nil, nil, problems[0]
	}
	for name := range set {
		if !reflect.DeepEqual(to[name], user.Attributes[name]) {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	return to, changed, nil
}

// CheckAttributes says all that is wrong with what the actor would set, each a
// [FieldError], and returns what the person would have then. What is not named, or
// is set to what it is, stays as it is, whatever the schema says.
func (s *Service) CheckAttributes(by Actor, user *storage.User, set map[string]any) (storage.Attributes, []error) {
	return s.checkAttributes(user.Attributes, set, by.edits())
}

// edits says which attributes the actor edits.
func (a Actor) edits() func(*attribute.Definition) bool {
	if a.source != "" || a.kind == storage.ActorClient && a.duties&DutyPeople != 0 {
		return byImport // whoever else may: the API is where such values come from
	}
	as, may := a.audience()
	return func(d *attribute.Definition) bool { return may && d.EditableBy.Includes(as) }
}

// checkAttributes applies what is set to what was; may says which the caller edits.
func (s *Service) checkAttributes(was storage.Attributes, set map[string]any, may func(*attribute.Definition) bool) (storage.Attributes, []error) {
	to := maps.Clone(was)
	if to == nil {
		to = storage.Attributes{}
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if kept, there := was[name]; there && reflect.DeepEqual(kept, set[name]) {
			continue
		}
		d := s.cfg.Attributes.Find(name)
		var err error
		var value any
		switch {
		case d == nil:
			err = &attribute.Error{Name: name, Err: errors.New("there is none of that name in attributes")}
		case !may(d):
			err = &attribute.Error{Name: name, Err: fmt.Errorf("it is editable by %s", d.EditableBy)}
		default:
			value, err = d.Check(set[name])
		}
		switch {
		case err != nil:
			problems = append(problems, &FieldError{Field: AttributeField(name), Problem: Invalid, Cause: err})
		case value == nil:
			delete(to, name)
		default:
			to[name] = value
		}
	}
	return to, problems
}

// CheckImported says all that is wrong with the attributes of somebody who comes
// from another system: whoever may edit them later, they may come along.
func (s *Service) CheckImported(set map[string]any) (storage.Attributes, []error) {
	return s.checkAttributes(nil, set, byImport)
}

// newAttributes are the attributes of a new person; may says which the caller edits.
func (s *Service) newAttributes(set map[string]any, may func(*attribute.Definition) bool) (storage.Attributes, error) {
	to, problems := s.checkAttributes(nil, set, may)
	if len(problems) > 0 {
		return nil, problems[0]
	}
	if len(to) == 0 {
		return nil, nil
	}
	return to, nil
}

func byAdministrator(d *attribute.Definition) bool {
	return d.EditableBy.Includes(attribute.Administrator)
}

func byImport(*attribute.Definition) bool { return true }

func bySignUp(d *attribute.Definition) bool { return d.SignUp }

// stillAsked are attributes of a sign-up that can be when the account is made: the
// schema may be another since they were typed.
func (s *Service) stillAsked(typed map[string]any) storage.Attributes {
	kept, _ := s.checkAttributes(nil, typed, bySignUp)
	return kept
}
