package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/storage"
)

const activityPath = Root + "/activity"

// day is how filters spell a day.
const day = "2006-01-02"

// eventList is the record of security events. Place says how far the chain reaches: an
// event without one is linked soon.
func eventList() *list {
	return &list{
		filters: []filter{
			{name: "type", label: "console.event"}, {name: "person", label: "console.person_id"}, {name: "client", label: "console.app"},
			{name: "outcome", label: "console.outcome", options: [][2]string{{"success", "console.succeeded"}, {"failure", "activity.failed"}}},
			{name: "since", label: "console.since", kind: "date"}, {name: "request_id", label: "error.id"},
			{name: "reads", label: "console.reads", options: [][2]string{{"all", "console.with_reads"}}},
		},
		columns: []string{"console.when", "console.event", "console.by", "console.person", "console.app", "console.address", "console.place"},
		read:    readEvents,
	}
}

// showChain is how the record is linked, above its list. It looks at no event: what it
// costs does not grow with them.
func (c *Console) showChain(r *http.Request, _ *visit, s *screen) error {
	head, err := c.cfg.Chain.Head(r.Context())
	state := tag("good", s.T("console.chain_sound"))
	switch {
	case errors.Is(err, storage.ErrTampered):
		state = tag("warn", s.T("console.chain_broken"))
	case errors.Is(err, storage.ErrUnknownKey):
		state = tag("warn", s.T("console.chain_unknown"))
	case err != nil:
		return err
	}
	waiting, oldest, err := c.cfg.Chain.Unlinked(r.Context())
	if err != nil {
		return err
	}
	howMany := number(waiting)
	if waiting == storage.MostUnlinked {
		howMany.Text += "+" // not counted further
	}
	b := block{ID: "chain", Heading: s.T("console.chain"), Lead: s.T("console.chain_text")}
	b.Facts = []fact{{s.T("console.state"), []cell{state}}, {s.T("console.chain_waiting"), []cell{howMany, s.at(oldest)}}}
	if head.Seq > 0 {
		b.Facts = append(b.Facts, fact{s.T("console.chain_end"), []cell{text(strconv.FormatInt(head.Seq, 10)), code(head.Chain)}})
	}
	s.Blocks = append(s.Blocks, b)
	return nil
}

func readEvents(r *http.Request, c *Console, _ *visit, query url.Values, after string, limit int) ([]item, string, error) {
	f := storage.EventFilter{
		UserID: storage.ID(query.Get("person")), Type: storage.EventType(query.Get("type")), ClientID: query.Get("client"), Outcome: query.Get("outcome"),
		RequestID: query.Get("request_id"), WithoutReads: query.Get("reads") == "", Before: storage.ID(after), Limit: limit + 1,
	}
	if _, err := f.UserID.Bytes(); f.UserID != "" && err != nil {
		return nil, "", nil // nobody has that id
	}
	if since, err := time.Parse(day, query.Get("since")); err == nil {
		f.Since = since
	}
	events, err := c.cfg.Events.List(r.Context(), f)
	rows, next := itemsOf(events, limit, func(e *storage.Event) string { return string(e.ID) }, func(e *storage.Event) item {
		return item{record: api.ShowEvent(e), cells: func(s *screen) []cell {
			cells := c.eventCells(s.ctx, s, e, "")
			about := cell{}
			if e.UserID != "" {
				about = cell{Text: abbreviatedID(string(e.UserID)), Code: true, URL: pathOf(e.UserID)}
			}
			place := cell{}
			if e.Seq > 0 {
				place = number(int(e.Seq))
			}
			return []cell{cells[0], cells[1], cells[2], about, cells[3], cells[4], place}
		}}
	})
	return rows, next, err
}
