package account

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/latchkey-id/latchkey/storage"
)

// GroupWord is what a source says of a group that it made; nil stays as it is.
type GroupWord struct {
	Name, ExternalID *string
	// Add and Remove are members by the word of the source; Replace removes all that Add
	// does not name.
	Add, Remove []storage.ID
	Replace     bool
	// If is as in [GroupChange].
	If func(*storage.Group) error
}

// ProvisionGroup makes a group with its members by the word of a source. Where somebody
// is named whom the source did not make nothing is made. It answers what
// [Service.EditGroup] does.
func (s *Service) ProvisionGroup(ctx context.Context, by Actor, w GroupWord) (*storage.Group, error) {
	if by.source == "" {
		return nil, s.refuse(ctx, by, storage.EventGroupCreated, "")
	}
	if err := s.mayEditMembers(ctx, by, &storage.Group{Name: *w.Name}, &w); err != nil {
		return nil, err
	}
	g, err := s.CreateGroup(ctx, by, NewGroup{Name: *w.Name, ExternalID: *w.ExternalID})
	if err != nil || len(w.Add) == 0 {
		return g, err
	}
	return g, s.EditGroup(ctx, by, g.ID, GroupWord{Add: w.Add})
}

// EditGroup changes a group and its members by the word of the source that made it, all
// of it or nothing. It answers ErrNoGroup, a [FieldError] (members: somebody whom the
// source did not make), ErrTaken, ErrChanged, and an [InUseError] for another name of a
// group that a client's access names.
func (s *Service) EditGroup(ctx context.Context, by Actor, id storage.ID, w GroupWord) error {
	if by.source == "" {
		return s.refuse(ctx, by, storage.EventGroupChanged, "")
	}
	g, err := s.cfg.Groups.ByID(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrNoGroup, err)
	}
	if err != nil {
		return fmt.Errorf("read group: %w", err)
	}
	if err := judgeGroup(by, g, w.If); err != nil {
		return err
	}
	var events []storage.Event
	named, err := s.editGroupNames(ctx, by, g, &w)
	if err != nil {
		return err
	}
	if named != nil {
		events = append(events, named.event)
	}
	if named == nil && len(w.Add) == 0 && len(w.Remove) == 0 && !w.Replace {
		return nil
	}
	if err := s.mayEditMembers(ctx, by, g, &w); err != nil {
		return err
	}
	err = s.cfg.Groups.Edit(ctx, storage.GroupEdit{
		Group: *g, Source: by.source, Add: w.Add, Remove: w.Remove, Replace: w.Replace, Now: s.cfg.Now(),
	}, func(joined, left []storage.ID) ([]storage.Event, error) {
		come, err := s.memberEvents(by, storage.EventGroupJoined, g, joined)
		if err != nil {
			return nil, err
		}
		gone, err := s.memberEvents(by, storage.EventGroupLeft, g, left)
		if err != nil {
			return nil, err
		}
		if events = slices.Concat(events, come, gone); len(events) == 0 {
			return nil, errUnmoved
		}
		return events, nil
	})
	if errors.Is(err, errUnmoved) {
		return nil
	}
	if errors.Is(err, storage.ErrConflict) {
		return fmt.Errorf("edit group: %w: %w", ErrTaken, err)
	}
	return s.written(&change{}, "edit group", err)
}

// errUnmoved takes an edit of a group back that says what is so already: the group keeps
// its version (idempotent).
var errUnmoved = errors.New("nothing of the group is another")

// editGroupNames judges another name and external id, and sets them; nil where they are
// what they were.
func (s *Service) editGroupNames(ctx context.Context, by Actor, g *storage.Group, w *GroupWord) (*change, error) {
	was := *g
	if w.Name != nil {
		g.Name = *w.Name
	}
	if w.ExternalID != nil {
		g.ExternalID = *w.ExternalID
	}
	if err := spellGroup(g); err != nil {
		return nil, err
	}
	if g.Name == was.Name && g.ExternalID == was.ExternalID {
		return nil, nil
	}
	c, err := s.beginGroup(ctx, by, storage.EventGroupChanged, was.Name)
	if err != nil {
		return nil, err
	}
	if g.Name != was.Name {
		if err := s.mayGive(ctx, by, c, g.Roles); err != nil {
			return nil, err
		}
		if err := s.CheckGroupUse(ctx, was.Name, false); err != nil {
			return nil, err
		}
		c.detail("renamed to " + g.Name)
	}
	return c, nil
}

// mayEditMembers decides whether the source may say who is in the group: whom it made,
// and not where the group makes administrators.
func (s *Service) mayEditMembers(ctx context.Context, by Actor, g *storage.Group, w *GroupWord) error {
	if len(w.Add) == 0 && len(w.Remove) == 0 && !w.Replace {
		return nil
	}
	c, err := s.beginGroup(ctx, by, storage.EventGroupJoined, g.Name)
	if err != nil {
		return err
	}
	if err := s.mayGive(ctx, by, c, g.Roles); err != nil {
		return err
	}
	for batch := range slices.Chunk(w.Add, knownBatch) {
		known, err := s.cfg.Provisions.Known(ctx, by.source, batch)
		if err != nil {
			return fmt.Errorf("look for members: %w", err)
		}
		for _, id := range batch {
			if !slices.Contains(known, id) {
				return &FieldError{Field: "members", Problem: Invalid, Cause: errors.New("members: there is nobody with one of the ids")}
			}
		}
	}
	return nil
}

// knownBatch is how many members are looked up at once.
const knownBatch = 200

func (s *Service) memberEvents(by Actor, typ storage.EventType, g *storage.Group, people []storage.ID) ([]storage.Event, error) {
	var events []storage.Event
	for _, id := range people {
		e, err := NewEvent(s.cfg.Now(), s.cfg.Random, by, typ, id)
		if err != nil {
			return nil, err
		}
		e.Detail = fmt.Sprintf("group %s (%s)", g.Name, by.source)
		events = append(events, e)
	}
	return events, nil
}
