package account

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/latchkey-id/latchkey/storage"
)

// Duty is what somebody may do to the accounts of others: a set of bits.
type Duty uint

// The duties. None includes another.
const (
	// DutyHelpDesk unlocks and resets factors, and ends sessions and trust in devices.
	DutyHelpDesk Duty = 1 << iota
	// DutyPeople makes, changes, disables and deletes accounts, and gives people roles.
	DutyPeople
	// DutyGroups makes and changes groups, and says who is in them.
	DutyGroups
	// DutyOwner reaches those who have a duty themselves, and says who has one.
	DutyOwner
)

// Administering is the actor with duties over the accounts of others, which whoever
// calls it has found that they have. Of their own account they may then change nothing
// (separation of duties: nobody raises themselves, requirement AD1).
func (a Actor) Administering(d Duty) Actor {
	a.administers, a.duties = true, d
	return a
}

// Administers reports whether the person has a duty over others, by their roles.
func (s *Service) Administers(user *storage.User) bool { return s.administrative(user.Roles) }

func (s *Service) administrative(roles []string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(s.cfg.AdminRoles, role) })
}

// mayAdminister decides whether the actor's duties allow something to a person's account.
func (s *Service) mayAdminister(by Actor, act action, user *storage.User) bool {
	return by.duties&act.duty != 0 && !by.is(user.ID) && (by.duties&DutyOwner != 0 || !s.Administers(user))
}

// mayGive keeps roles that administer to owners: who else could give them would raise
// themselves by another account (privilege escalation, requirement AD1).
func (s *Service) mayGive(ctx context.Context, by Actor, c *change, roles []string) error {
	if by.kind == storage.ActorOperator || by.duties&DutyOwner != 0 || !s.administrative(roles) {
		return nil
	}
	return s.refuse(ctx, by, c.event.Type, c.event.UserID)
}

// notOwn keeps people from giving roles to a group that they are in themselves.
func (s *Service) notOwn(ctx context.Context, by Actor, c *change, group string) error {
	if by.kind != storage.ActorPerson || by.duties&DutyOwner != 0 {
		return nil
	}
	user, err := s.cfg.Users.ByID(ctx, storage.ID(by.id))
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return fmt.Errorf("%w: %w", ErrNobody, err)
	case err != nil:
		return fmt.Errorf("read user: %w", err)
	case slices.Contains(user.Groups, group):
		return s.refuse(ctx, by, c.event.Type, "")
	}
	return nil
}
