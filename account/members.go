package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/storage"
)

// Memberships keeps who is in which group; storage/sqlstore.Memberships in the
// binary.
type Memberships interface {
	// Add answers storage.ErrConflict when the source said so before, and
	// storage.ErrNotFound when the group or the person is gone.
	Add(ctx context.Context, m storage.Membership, e storage.Event) error
	// Remove answers storage.ErrNotFound when the source never said so.
	Remove(ctx context.Context, m storage.Membership, e storage.Event) error
	Of(ctx context.Context, user storage.ID) ([]storage.GroupOf, error)
}

// AddToGroup makes a person a member of the group of the name, by an operator's
// word. It answers ErrNoGroup, and ErrUnchanged where they are one by that word.
func (s *Service) AddToGroup(ctx context.Context, by Actor, id storage.ID, group string) error {
	c, err := s.begin(ctx, by, joinGroup, id)
	if err != nil {
		return err
	}
	g, err := s.group(ctx, group)
	if err != nil {
		return err
	}
	c.detail("group " + g.Name)
	if err := s.mayGive(ctx, by, c, g.Roles); err != nil {
		return err
	}
	err = s.cfg.Memberships.Add(ctx, storage.Membership{GroupID: g.ID, UserID: id, Source: storage.SourceManual, AddedAt: c.now}, c.event)
	if errors.Is(err, storage.ErrConflict) {
		return fmt.Errorf("add to group: %w: %w", ErrUnchanged, err)
	}
	return s.written(c, "add to group", err)
}

// RemoveFromGroup takes a person out of the group of the name, as far as the
// source made them a member. It answers ErrNoGroup, and ErrUnchanged where the
// source did not.
func (s *Service) RemoveFromGroup(ctx context.Context, by Actor, id storage.ID, group string, source storage.MembershipSource) error {
	c, err := s.begin(ctx, by, leaveGroup, id)
	if err != nil {
		return err
	}
	g, err := s.group(ctx, group)
	if err != nil {
		return err
	}
	c.detail(fmt.Sprintf("group %s (%s)", g.Name, source))
	if err := s.mayGive(ctx, by, c, g.Roles); err != nil {
		return err
	}
	err = s.cfg.Memberships.Remove(ctx, storage.Membership{GroupID: g.ID, UserID: id, Source: source}, c.event)
	return unchanged(s.written(c, "remove from group", err))
}

// GroupsOf returns the groups of a person, with who says so.
func (s *Service) GroupsOf(ctx context.Context, id storage.ID) ([]storage.GroupOf, error) {
	groups, err := s.cfg.Memberships.Of(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	return groups, nil
}
