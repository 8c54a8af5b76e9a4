package api

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// DailyNumber is how often something happened on a day, or how much there was of it.
type DailyNumber struct {
	Day    string `json:"day" format:"date" doc:"In UTC."`
	Kind   string `json:"kind" enum:"sign_in,sign_in_failed,factor,new_person,client_failed,people,enrolled" doc:"What is counted: people and enrolled say how many there are, the others how many there were more that day."`
	Label  string `json:"label,omitempty" doc:"The kind of a factor, or the id of a client; absent where the number is of all."`
	Number int64  `json:"number"`
}

// ShowDailyNumber is a number of a day as the API answers with it.
func ShowDailyNumber(n *storage.DailyNumber) DailyNumber {
	return DailyNumber{n.Day.Format(time.DateOnly), string(n.Kind), n.Label, n.N}
}

// FirstDay is when the first of so many days begins, of which today is the last.
func FirstDay(now time.Time, days int) time.Time {
	return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-days)
}

type daysInput struct {
	Days int `query:"days" default:"30" minimum:"1" maximum:"400" doc:"How many days, of which today is the last."`
}

type daysOutput struct{ Body Page[DailyNumber] }

func (a *API) showDays(ctx context.Context, in *daysInput) (*daysOutput, error) {
	numbers, err := a.cfg.Numbers.Since(ctx, FirstDay(a.cfg.Now(), in.Days))
	if err != nil {
		return nil, err
	}
	out := &daysOutput{Body: Page[DailyNumber]{Items: []DailyNumber{}}}
	for i := range numbers {
		out.Body.Items = append(out.Body.Items, ShowDailyNumber(&numbers[i]))
	}
	return out, nil
}
