package console

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// feedsPath is where security events go besides the record.
const feedsPath = Root + "/feeds"

// feedList are the stream and the webhooks, and how far each got.
func feedList() *list {
	return &list{
		columns: []string{"console.name", "console.last_event", "console.seen", ""},
		read: func(r *http.Request, c *Console, v *visit, _ url.Values, _ string, _ int) ([]item, string, error) {
			feeds, err := c.cfg.Feeds.List(r.Context())
			rows, _ := itemsOf(feeds, len(feeds), func(f *storage.Feed) string { return f.Name }, func(f *storage.Feed) item {
				return item{record: api.ShowFeed(f), cells: func(s *screen) []cell {
					return []cell{code(f.Name), text(strconv.FormatInt(f.Seq, 10)), s.at(f.MovedAt), c.doListed(v, feedsPath, "replay", s, f.Name, f.Name)}
				}}
			})
			return rows, "", err
		},
	}
}

// feedActs is what is done to a stream or a webhook.
func feedActs() []*act {
	return []*act{{
		of: feedsPath, name: "replay", text: "console.replay", operation: "feeds.replay", command: "events replay {feed} --after …",
		subject: "feed", fields: replayFields, do: replay,
	}}
}

// replayFields ask from where on: a place in the chain, or a day.
func replayFields(_ *Console, v *visit, _ *target, s *screen, f *form) error {
	if err := f.field(s, v, "after", "", "label=console.after", "hint=console.after_hint", "inputmode=numeric", "maxlength=18", "plain", "autocomplete=off"); err != nil {
		return err
	}
	return f.field(s, v, "since", "", "label=console.since", "type=date", "plain", "autocomplete=off")
}

func replay(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
	typed, day_ := ident.Clean(r.PostForm.Get("after")), ident.Clean(r.PostForm.Get("since"))
	place := int64(0)
	switch {
	case typed == "" && day_ == "":
		return false, &account.FieldError{Field: "after", Problem: account.Required}
	case typed != "":
		var err error
		if place, err = strconv.ParseInt(typed, 10, 64); err != nil || place < 0 || day_ != "" {
			return false, &account.FieldError{Field: "after", Problem: account.Invalid}
		}
	default:
		since, err := time.Parse(day, day_)
		if err != nil {
			return false, &account.FieldError{Field: "since", Problem: account.Invalid, Cause: err}
		}
		found := false
		if place, found, err = api.PlaceBefore(r.Context(), c.cfg.Events, since); err != nil {
			return false, err
		}
		if !found { // it has all that there is since then
			return false, account.ErrUnchanged
		}
	}
	return false, c.cfg.Accounts.ReplayEvents(r.Context(), by, t.subject, place)
}
