package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// Groups keeps groups; storage/sqlstore.Groups in the binary.
type Groups interface {
	ByID(ctx context.Context, id storage.ID) (*storage.Group, error)
	// ByName takes a name in any case.
	ByName(ctx context.Context, name string) (*storage.Group, error)
	// Create answers storage.ErrConflict when the name is another's.
	Create(ctx context.Context, g *storage.Group, e storage.Event) error
	// Update answers storage.ErrConflict when the name is another's, or the group was changed.
	Update(ctx context.Context, g *storage.Group, now time.Time, e storage.Event) error
	// Delete answers storage.ErrConsumed when asOf is another time than that of the
	// group's last change; zero is any.
	Delete(ctx context.Context, id storage.ID, asOf time.Time, e storage.Event) error
	// Edit changes a group and its members by the word of a source. It answers
	// storage.ErrConflict when the name is another's, and storage.ErrConsumed when the
	// group was changed since it was read.
	Edit(ctx context.Context, edit storage.GroupEdit, note func(joined, left []storage.ID) ([]storage.Event, error)) error
}

// GroupUses knows what names groups besides their members.
type GroupUses interface {
	// ClientsNaming returns the ids of the clients whose access speaks of the group.
	ClientsNaming(ctx context.Context, group string) ([]string, error)
}

// maxDescription bounds the description of a group, in characters.
const maxDescription = 1000

// NewGroup is a group that an operator makes.
type NewGroup struct {
	Name, DisplayName, Description, ExternalID string
	Roles                                      []string
}

// CreateGroup makes a group without members. It answers a [FieldError] and
// ErrTaken.
func (s *Service) CreateGroup(ctx context.Context, by Actor, n NewGroup) (*storage.Group, error) {
	c, err := s.beginGroup(ctx, by, storage.EventGroupCreated, n.Name)
	if err != nil {
		return nil, err
	}
	id, err := storage.NewID(c.now, s.cfg.Random)
	if err != nil {
		return nil, fmt.Errorf("name group: %w", err)
	}
	g := &storage.Group{
		ID: id, Name: n.Name, DisplayName: n.DisplayName, Description: n.Description, ExternalID: n.ExternalID, Roles: n.Roles,
		Source: by.source, CreatedAt: c.now, UpdatedAt: c.now,
	}
	if err := spellGroup(g); err != nil {
		return nil, err
	}
	if err := s.mayGive(ctx, by, c, g.Roles); err != nil {
		return nil, err
	}
	return g, groupTaken(s.written(c, "create group", s.cfg.Groups.Create(ctx, g, c.event)))
}

// GroupChange is what of a group is set anew; nil leaves it as it is.
type GroupChange struct {
	Name, DisplayName, Description, ExternalID *string
	Roles                                      *[]string
	// Force renames a group even where the access of clients names it, which then
	// speaks of nobody.
	Force bool
	// If judges the group as it is when it is changed (compare and swap); its error is
	// the answer. Nil takes any.
	If func(*storage.Group) error
}

// ChangeGroup changes the group of the name, and returns it. It answers a
// [FieldError], ErrTaken, ErrNoGroup, and an [InUseError] for another name of a
// group that a client's access names.
func (s *Service) ChangeGroup(ctx context.Context, by Actor, name string, change GroupChange) (*storage.Group, error) {
	c, err := s.beginGroup(ctx, by, storage.EventGroupChanged, name)
	if err != nil {
		return nil, err
	}
	g, err := s.group(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := judgeGroup(by, g, change.If); err != nil {
		return nil, err
	}
	was, gave := g.Name, g.Roles
	for to, from := range map[*string]*string{
		&g.Name: change.Name, &g.DisplayName: change.DisplayName, &g.Description: change.Description, &g.ExternalID: change.ExternalID,
	} {
		if from != nil {
			*to = *from
		}
	}
	if change.Roles != nil {
		g.Roles = *change.Roles
		c.detail("roles " + orNone(g.Roles))
	}
	if err := spellGroup(g); err != nil {
		return nil, err
	}
	if err := s.mayGive(ctx, by, c, slices.Concat(gave, g.Roles)); err != nil {
		return nil, err
	}
	if !slices.Equal(gave, g.Roles) || g.Name != was {
		if err := s.notOwn(ctx, by, c, was); err != nil {
			return nil, err
		}
	}
	if g.Name != was {
		if err := s.CheckGroupUse(ctx, was, change.Force); err != nil {
			return nil, err
		}
		c.detail("renamed to " + g.Name)
	}
	return g, groupTaken(s.written(c, "change group", s.cfg.Groups.Update(ctx, g, c.now, c.event)))
}

// GroupDeletion is how a group is deleted; Force and If are as in [GroupChange].
type GroupDeletion struct {
	Force bool
	If    func(*storage.Group) error
}

// DeleteGroup removes a group and every membership of it. It answers ErrNoGroup,
// an [InUseError] for a group that a client's access names, unless forced, and
// ErrChanged.
func (s *Service) DeleteGroup(ctx context.Context, by Actor, name string, how GroupDeletion) error {
	c, err := s.beginGroup(ctx, by, storage.EventGroupDeleted, name)
	if err != nil {
		return err
	}
	g, err := s.group(ctx, name)
	if err != nil {
		return err
	}
	if err := judgeGroup(by, g, how.If); err != nil {
		return err
	}
	if err := s.mayGive(ctx, by, c, g.Roles); err != nil {
		return err
	}
	if err := s.notOwn(ctx, by, c, g.Name); err != nil {
		return err
	}
	if err := s.CheckGroupUse(ctx, g.Name, how.Force); err != nil {
		return err
	}
	var asOf time.Time
	if how.If != nil {
		asOf = g.UpdatedAt
	}
	err = s.written(c, "delete group", s.cfg.Groups.Delete(ctx, g.ID, asOf, c.event))
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrNoGroup, err)
	}
	return err
}

// judgeGroup keeps sources of provisioning to the groups that they made (requirement
// AD2), and has the condition judge the group.
func judgeGroup(by Actor, g *storage.Group, condition func(*storage.Group) error) error {
	if by.source != "" && g.Source != by.source {
		return ErrNoGroup
	}
	if condition == nil {
		return nil
	}
	return condition(g)
}

// beginGroup is how every change of a group begins: it decides whether the actor
// may, and starts the event.
func (s *Service) beginGroup(ctx context.Context, by Actor, typ storage.EventType, name string) (*change, error) {
	if by.kind != storage.ActorOperator && by.duties&DutyGroups == 0 && by.source == "" {
		return nil, s.refuse(ctx, by, typ, "")
	}
	now := s.cfg.Now()
	e, err := NewEvent(now, s.cfg.Random, by, typ, "")
	if err != nil {
		return nil, err
	}
	c := &change{by: by, now: now, event: e}
	c.detail("group " + ident.Cut(ident.Clean(name), ident.MaxName))
	return c, nil
}

// group finds the group of the name. It answers ErrNoGroup.
func (s *Service) group(ctx context.Context, name string) (*storage.Group, error) {
	g, err := s.cfg.Groups.ByName(ctx, name)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%q: %w: %w", name, ErrNoGroup, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read group: %w", err)
	}
	return g, nil
}

// CheckGroupUse answers an [InUseError] for a group that a client's access names, unless
// forced, as deleting and renaming it would.
func (s *Service) CheckGroupUse(ctx context.Context, name string, force bool) error {
	if force || s.cfg.GroupUses == nil {
		return nil
	}
	clients, err := s.cfg.GroupUses.ClientsNaming(ctx, name)
	if err != nil {
		return fmt.Errorf("look for clients that name group %q: %w", name, err)
	}
	if len(clients) > 0 {
		return &InUseError{Group: name, Clients: clients}
	}
	return nil
}

// spellGroup says what is wrong with a group, as a [FieldError], and spells the
// rest as it is kept.
func spellGroup(g *storage.Group) error {
	name, err := ident.Group(g.Name)
	if err != nil {
		return &FieldError{Field: "name", Problem: Invalid, Cause: err}
	}
	g.Name = name
	for _, line := range []struct {
		field string
		text  *string
		most  int
	}{
		{"display_name", &g.DisplayName, ident.MaxName}, {"description", &g.Description, maxDescription}, {"external_id", &g.ExternalID, maxDescription},
	} {
		if err := ident.Text(*line.text); err != nil {
			return &FieldError{Field: line.field, Problem: Invalid, Cause: err}
		}
		*line.text = ident.Clean(*line.text)
		if utf8.RuneCountInString(*line.text) > line.most {
			return &FieldError{Field: line.field, Problem: TooLong}
		}
	}
	g.Roles, err = spellRoles(g.Roles)
	return err
}

// spellRoles are roles in order, each once; a [FieldError] where one cannot be.
func spellRoles(roles []string) ([]string, error) {
	for _, role := range roles {
		if err := ident.Role(role); err != nil {
			return nil, &FieldError{Field: "roles", Problem: Invalid, Cause: err}
		}
	}
	roles = slices.Clone(roles)
	slices.Sort(roles)
	return slices.Compact(roles), nil
}

// groupTaken is err of a write that found the name, or the group, another than it was.
func groupTaken(err error) error {
	if errors.Is(err, ErrChanged) {
		return fmt.Errorf("%w: %w", ErrTaken, err)
	}
	return err
}

// InUseError says that the access of clients names a group.
type InUseError struct {
	Group   string
	Clients []string // their ids
}

// Error implements error.
func (e *InUseError) Error() string {
	return fmt.Sprintf("group %q is named by the access of %s", e.Group, strings.Join(e.Clients, ", "))
}
