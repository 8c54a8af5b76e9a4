package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/cmd/internal/eventfeed"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Read and verify the record of security events"}
	cmd.AddCommand(auditVerifyCommand(), auditListCommand(), auditExportCommand())
	return cmd
}

func auditVerifyCommand() *cobra.Command {
	var from storeFlags
	var seq int64
	var chain string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Find events that were changed, removed or inserted; exit status 1 if there are any",
		Long: "verify checks every event and the chain that links them, and prints where the chain ends.\n" +
			"Keep that line somewhere else: passed back with --seq and --chain, it proves that not even somebody\n" +
			"who has all the keys has rewritten anything before it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (seq > 0) != (chain != "") {
				return errors.New("--seq and --chain go together")
			}
			var known []storage.AuditMark
			if chain != "" {
				known = append(known, storage.AuditMark{Seq: seq, Chain: chain})
			}
			return from.withStore(cmd, func(store *sqlstore.Store, _ *dependencies) error { return verifyAudit(cmd, store, known, asJSON) })
		},
	}
	from.register(cmd)
	jsonFlag(cmd, &asJSON, "the report")
	cmd.Flags().Int64Var(&seq, "seq", 0, "`number` of the event that an earlier run printed")
	cmd.Flags().StringVar(&chain, "chain", "", "`value` of the chain at that event")
	return cmd
}

// errUncheckable says that a part of the record is under a key that is not there.
var errUncheckable = errors.New("part of the event record cannot be checked: put the keys with those ids back into secrets.hash_keys")

// shownReport is the answer of `audit verify --json`: a form that others read, so its
// names stay as they are.
type shownReport struct {
	Events      int64          `json:"events"`
	Erased      int64          `json:"erased"`
	Unlinked    int64          `json:"unlinked"`
	Uncheckable int64          `json:"uncheckable"`
	Seq         int64          `json:"seq,omitempty"`
	Chain       string         `json:"chain,omitempty"`
	Findings    []shownFinding `json:"findings"`
}

type shownFinding struct {
	Problem string     `json:"problem"`
	Seq     int64      `json:"seq,omitempty"`
	EventID storage.ID `json:"event_id,omitempty"`
	KeyID   string     `json:"key_id,omitempty"`
}

func shownReportOf(r *storage.AuditReport) shownReport {
	shown := shownReport{
		Events: r.Events, Erased: r.Erased, Unlinked: r.Unlinked, Uncheckable: r.Uncheckable,
		Seq: r.Head.Seq, Chain: r.Head.Chain, Findings: []shownFinding{},
	}
	for _, f := range r.Findings {
		shown.Findings = append(shown.Findings, shownFinding{string(f.Problem), f.Seq, f.EventID, f.KeyID})
	}
	return shown
}

func verifyAudit(cmd *cobra.Command, store *sqlstore.Store, known []storage.AuditMark, asJSON bool) error {
	bar := newProgress(cmd.ErrOrStderr(), "events verified")
	report, err := store.Events().Verify(cmd.Context(), func(events, of int64) { bar.of(int(of)).at(int(events)) }, known...)
	bar.end()
	if err != nil {
		return err
	}
	if asJSON {
		err = writeJSON(cmd.OutOrStdout(), shownReportOf(&report))
	} else {
		tellReport(cmd.OutOrStdout(), &report)
	}
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(report.Findings, func(f storage.AuditFinding) bool { return f.Problem != storage.AuditUncheckable }):
		return errors.New("the event record has been tampered with")
	case report.Uncheckable > 0:
		return errUncheckable
	}
	return nil
}

func tellReport(out io.Writer, report *storage.AuditReport) {
	for _, f := range report.Findings {
		place := ""
		if f.Seq > 0 {
			place = fmt.Sprintf(" at %d", f.Seq)
		}
		if f.EventID != "" {
			place += " event " + string(f.EventID)
		}
		if f.Problem == storage.AuditUncheckable {
			fmt.Fprintf(out, "finding: cannot check%s: key %s is not configured\n", place, f.KeyID)
			continue
		}
		fmt.Fprintf(out, "finding: %s%s\n", f.Problem, place)
	}
	fmt.Fprintf(out, "%d events, %d without personal data, %d waiting to be linked\n", report.Events, report.Erased, report.Unlinked)
	if report.Head.Chain != "" {
		fmt.Fprintf(out, "the chain ends at --seq %d --chain %s\n", report.Head.Seq, report.Head.Chain)
	}
}

// auditFilter is which events are wanted.
type auditFilter struct {
	since, until, user, kind            string
	client, requestID, outcome, address string
}

func (f *auditFilter) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "", "only events since this `time`: RFC 3339, a date, or how long ago (24h)")
	flags.StringVar(&f.until, "until", "", "only events before this `time`")
	flags.StringVar(&f.user, "user", "", "only events of this `person`: an id, or the address or username of an account")
	flags.StringVar(&f.kind, "type", "", "only events of this `type`, such as sign_in_failed")
	flags.StringVar(&f.client, "client", "", "only events of this `client`")
	flags.StringVar(&f.requestID, "request-id", "", "only events of the request with this `id`, shown on its page and in the log")
	flags.StringVar(&f.outcome, "outcome", "", "only events with this `outcome`: success or failure")
	flags.StringVar(&f.address, "address", "", "only events from this `address`")
}

func (f *auditFilter) read(cmd *cobra.Command, store *sqlstore.Store, p *dependencies) (storage.EventFilter, error) {
	if f.outcome != "" && f.outcome != storage.Success && f.outcome != storage.Failure {
		return storage.EventFilter{}, usagef("--outcome %q is neither %s nor %s", f.outcome, storage.Success, storage.Failure)
	}
	filter := storage.EventFilter{
		Type: storage.EventType(f.kind), ClientID: f.client, RequestID: f.requestID, Outcome: f.outcome, Address: f.address,
	}
	var err1, err2, err3 error
	filter.Since, err1 = readTime("--since", f.since, p.now())
	filter.Until, err2 = readTime("--until", f.until, p.now())
	if _, bad := storage.ID(f.user).Bytes(); bad == nil {
		filter.UserID = storage.ID(f.user) // whose account may be gone
	} else if f.user != "" {
		var u *storage.User
		if u, err3 = findUser(cmd.Context(), store, f.user); err3 == nil {
			filter.UserID = u.ID
		}
	}
	return filter, errors.Join(err1, err2, err3)
}

func readTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s %q is not a time; write it like 2027-01-31T00:00:00Z, 2027-01-31 or 24h", flag, text)
}

func auditListCommand() *cobra.Command {
	var from storeFlags
	var f auditFilter
	var limit int
	var identifier string
	var asJSON, reads bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the newest events, newest first",
		Long: "What administrators looked at by the admin API and the console, and sources of provisioning by SCIM (admin_read), is\n" +
			"left out, unless --reads, --type or --request-id asks for it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return errors.New("--limit must be at least 1")
			}
			return from.withStore(cmd, func(store *sqlstore.Store, p *dependencies) error {
				filter, err := f.read(cmd, store, p)
				if err != nil {
					return err
				}
				filter.Limit, filter.WithoutReads = limit, !reads
				hashes := []string{""}
				if identifier != "" {
					hashes = account.IdentifierHashes(p.hasher, identifier)
				}
				return listAudit(cmd, store, filter, hashes, asJSON)
			})
		},
	}
	from.register(cmd)
	f.register(cmd)
	cmd.Flags().IntVar(&limit, "limit", 50, "at most this `number`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per line, like audit export")
	cmd.Flags().BoolVar(&reads, "reads", false, "events too that tell what administrators looked at")
	cmd.Flags().StringVar(&identifier, "identifier", "", "only failed sign-ins with this `name`, whether or not there is such an account")
	return cmd
}

// listAudit lists the newest events. Events of a name may be kept under any of its
// hashes, one for each hash key.
func listAudit(cmd *cobra.Command, store *sqlstore.Store, filter storage.EventFilter, hashes []string, asJSON bool) error {
	var events []storage.Event
	for _, filter.IdentifierHash = range hashes {
		some, err := store.Events().List(cmd.Context(), filter)
		if err != nil {
			return err
		}
		events = append(events, some...)
	}
	slices.SortStableFunc(events, func(a, b storage.Event) int { return b.At.Compare(a.At) })
	events = events[:min(len(events), filter.Limit)]
	if asJSON {
		return writeEvents(cmd.OutOrStdout(), events)
	}
	rows := newTable(cmd.OutOrStdout(), "TIME", "TYPE", "OUTCOME", "USER", "CLIENT", "ADDRESS", "REQUEST", "DETAIL").mayCut("DETAIL")
	for _, e := range events {
		err := rows.row(at(e.At, "-"), e.Type, e.Outcome, dash(string(e.UserID)), dash(e.ClientID), dash(e.Address), dash(e.RequestID), dash(e.Detail))
		if err != nil {
			return err
		}
	}
	return rows.end()
}

func auditExportCommand() *cobra.Command {
	var from storeFlags
	var f auditFilter
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write events as JSON lines, oldest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withStore(cmd, func(store *sqlstore.Store, p *dependencies) error {
				filter, err := f.read(cmd, store, p)
				if err != nil {
					return err
				}
				return exportAudit(cmd, store, filter)
			})
		},
	}
	from.register(cmd)
	f.register(cmd)
	return cmd
}

// exportBatch is how many events are read at once.
const exportBatch = 1000

func exportAudit(cmd *cobra.Command, store *sqlstore.Store, filter storage.EventFilter) error {
	if err := linkWaiting(cmd.Context(), store); err != nil {
		return err
	}
	filter.InOrder, filter.Limit = true, exportBatch
	out := bufio.NewWriter(cmd.OutOrStdout())
	for {
		events, err := store.Events().List(cmd.Context(), filter)
		if err != nil {
			return err
		}
		if err := writeEvents(out, events); err != nil {
			return err
		}
		if len(events) < exportBatch {
			return out.Flush()
		}
		filter.AfterSeq = events[len(events)-1].Seq
	}
}

// linkWaiting links what no node has linked yet: only linked events have an
// order, and none may be missing.
func linkWaiting(ctx context.Context, store *sqlstore.Store) error {
	for {
		linked, err := store.Events().Link(ctx, linkBatch)
		if err != nil || linked < linkBatch {
			return err
		}
	}
}

func writeEvents(w io.Writer, events []storage.Event) error {
	lines := json.NewEncoder(w)
	for _, e := range events {
		if err := lines.Encode(eventfeed.Of(e)); err != nil {
			return fmt.Errorf("write event: %w", err)
		}
	}
	return nil
}
