package storagetest

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func (f fixture) testSearch(t *testing.T) {
	t.Run("people by how their names begin", f.testPrefix)
	t.Run("people of a role", f.testPeopleOfRole)
	t.Run("people who are disabled", f.testDisabledPeople)
	t.Run("pages of deliveries", f.testDeliveryPages)
	t.Run("pages of events", f.testEventPages)
	t.Run("jobs that were begun", f.testJobClaims)
	t.Run("pages of sessions", f.testSessionPages)
}

// pages reads all pages of a list of people, and returns their keys.
func (f fixture) pages(t *testing.T, filter storage.PeopleFilter) (keys []string) {
	t.Helper()
	for range 100 {
		found, err := f.s.Users().Search(t.Context(), filter)
		want(t, "Search", err, nil)
		for _, one := range found {
			keys = append(keys, one.Key)
		}
		if len(found) < filter.Limit {
			return keys
		}
		filter.After = found[len(found)-1].Key
	}
	t.Fatal("the pages never end")
	return nil
}

func (f fixture) testPrefix(t *testing.T) {
	// Names of which one goes on with what another ends with, in mixed case.
	begin := "q" + strings.ToLower(rand.Text()[:8])
	for _, names := range [][2]string{
		{strings.ToUpper(begin) + ".b@example.com", ""}, {"", begin + "-a"}, {begin + "@example.com", begin + "zz"}, {begin + "_c@example.com", "x" + begin},
		{"other." + begin + "@example.com", "y" + begin}, {"", begin + "zzz"},
	} {
		f.user(t, func(u *storage.User) { u.Email, u.Username = names[0], names[1] })
	}
	all := []string{begin + "-a", begin + ".b@example.com", begin + "@example.com", begin + "_c@example.com", begin + "zzz"}
	for _, limit := range []int{1, 2, 100} {
		equal(t, fmt.Sprint("found by ", limit), f.pages(t, storage.PeopleFilter{Prefix: begin[:1] + strings.ToUpper(begin[1:]), Limit: limit}), all)
	}
	equal(t, "found by more", f.pages(t, storage.PeopleFilter{Prefix: begin + "@", Limit: 10}), []string{begin + "@example.com"})
	equal(t, "found by what nobody is called", f.pages(t, storage.PeopleFilter{Prefix: begin + "%", Limit: 10}), []string(nil))
}

func (f fixture) testPeopleOfRole(t *testing.T) {
	role := "r" + rand.Text()
	g := f.group(t, role)
	var all []string
	for i := range 6 {
		u := f.user(t, func(u *storage.User) {
			u.Roles = nil
			if i%2 == 0 {
				u.Roles = []string{role}
			}
		})
		if i >= 2 { // those of an even number have it twice over, and the fifth by two sources
			f.join(t, g, u, storage.SourceManual)
		}
		if i == 4 {
			f.join(t, g, u, storage.SourceImport)
		}
		if i != 1 {
			all = append(all, string(u.ID))
		}
	}
	slices.Sort(all)
	for _, limit := range []int{1, 2, 100} {
		equal(t, fmt.Sprint("found by ", limit), f.pages(t, storage.PeopleFilter{Role: role, Limit: limit}), all)
	}
}

func (f fixture) testDisabledPeople(t *testing.T) {
	u := f.user(t)
	want(t, "Disable", f.s.Users().Disable(t.Context(), u.ID, f.clock.Now(), f.event(t, storage.EventUserDisabled)), nil)
	disabled := f.pages(t, storage.PeopleFilter{Disabled: true, Limit: 1})
	everybody := f.pages(t, storage.PeopleFilter{Limit: 20})
	for _, key := range disabled {
		one, err := f.s.Users().ByID(t.Context(), storage.ID(key))
		want(t, "ByID", err, nil)
		if !one.Disabled() || !slices.Contains(everybody, key) {
			t.Errorf("%s is listed, and is not disabled or nobody", key)
		}
	}
	if !slices.Contains(disabled, string(u.ID)) || len(everybody) <= len(disabled) || !slices.IsSorted(everybody) {
		t.Errorf("%d of %d are disabled", len(disabled), len(everybody))
	}
}

func (f fixture) testDeliveryPages(t *testing.T) {
	var all []storage.ID
	for range 3 {
		m := f.message(t)
		m.Topic = storage.TopicLogout
		want(t, "Add", f.s.Outbox().Add(t.Context(), nil, m), nil)
		all = append([]storage.ID{m.ID}, all...)
		f.clock.Advance(time.Second)
	}
	var found []storage.ID
	filter := storage.DeliveryFilter{Topic: storage.TopicLogout, Status: storage.DeliveryQueued, Limit: 2}
	for len(found) < len(all) {
		page, err := f.s.Outbox().Page(t.Context(), filter)
		want(t, "Page", err, nil)
		if len(page) == 0 {
			break
		}
		for i := range page {
			found = append(found, page[i].ID)
		}
		filter.Before = found[len(found)-1]
	}
	equal(t, "deliveries", found[:len(all)], all)
	for _, id := range all {
		want(t, "Finish", f.s.Outbox().Finish(t.Context(), id, f.ended(storage.DeliverySkipped), nil), nil)
	}
}

func (f fixture) testEventPages(t *testing.T) {
	u := f.user(t)
	var all []storage.ID
	for range 3 {
		f.clock.Advance(time.Second)
		e := f.event(t, storage.EventSignIn)
		e.UserID = u.ID
		want(t, "Append", f.s.Events().Append(t.Context(), e), nil)
		all = append([]storage.ID{e.ID}, all...)
	}
	filter := storage.EventFilter{UserID: u.ID, Type: storage.EventSignIn, Limit: 2}
	first, err := f.s.Events().List(t.Context(), filter)
	want(t, "List", err, nil)
	filter.Before = first[1].ID
	second, err := f.s.Events().List(t.Context(), filter)
	want(t, "List", err, nil)
	var found []storage.ID
	for _, e := range append(first, second...) {
		found = append(found, e.ID)
	}
	equal(t, "events", found, all)
}

func (f fixture) testJobClaims(t *testing.T) {
	name := "job " + rand.Text()
	claimed, err := f.s.Jobs().Claim(t.Context(), name, time.Hour, f.clock.Now())
	if err != nil || !claimed {
		t.Fatalf("claimed %t, %v", claimed, err)
	}
	jobs, err := f.s.Jobs().List(t.Context())
	want(t, "List", err, nil)
	if !slices.Contains(jobs, storage.JobClaim{Name: name, At: f.clock.Now()}) {
		t.Errorf("jobs are %v", jobs)
	}
}
