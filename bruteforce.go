package latchkey

import "time"

// BruteForce says how a realm slows those who guess passwords and one-time
// passwords, with Keycloak's words. Nothing of it keeps anybody from the
// mailed link.
type BruteForce struct {
	Protected        bool `json:"protected,omitempty"`        // bruteForceProtected
	PermanentLockout bool `json:"permanentLockout,omitempty"` // closes the road of passwords until it is opened
	// MaxTemporaryLockouts is how many waits come before that.
	MaxTemporaryLockouts int    `json:"maxTemporaryLockouts,omitempty"`
	Strategy             string `json:"strategy,omitempty"`      // bruteForceStrategy: MULTIPLE (default) or LINEAR
	FailureFactor        int    `json:"failureFactor,omitempty"` // failures before the first wait
	// Seconds.
	WaitIncrement         int `json:"waitIncrement,omitempty"`
	MaxFailureWait        int `json:"maxFailureWait,omitempty"`
	MinimumQuickLoginWait int `json:"minimumQuickLoginWait,omitempty"`
	MaxDeltaTime          int `json:"maxDeltaTime,omitempty"` // after which failures are forgotten
	// QuickLoginCheck is how close two failures of a machine are, in
	// milliseconds.
	QuickLoginCheck int64 `json:"quickLoginCheck,omitempty"`
}

// The values of BruteForce.Strategy: how waits grow with the failures.
const (
	StrategyLinear   = "LINEAR"
	StrategyMultiple = "MULTIPLE"
)

// OrDefaults is the setting with Keycloak's values where the realm was made
// before it had one.
func (b BruteForce) OrDefaults() BruteForce {
	if b.Strategy != "" {
		return b
	}
	return BruteForce{Protected: b.Protected, Strategy: StrategyMultiple, FailureFactor: 30, WaitIncrement: 60, MaxFailureWait: 900,
		MinimumQuickLoginWait: 60, MaxDeltaTime: 43200, QuickLoginCheck: 1000}
}

// LoginFailure is what is known of wrong passwords and codes for one subject: a
// user, or a name that is nobody's (Keycloak: user login failure).
type LoginFailure struct {
	RealmID string
	// Subject is the user's id, or a keyed name; see package ratelimit.
	Subject     string
	Failures    int
	Lockouts    int       // temporary ones
	NotBefore   time.Time // until when nothing is compared
	Closed      bool      // for good, until it is opened
	LastFailure time.Time
	LastIP      string
}

// Locked says whether nothing may be compared for the subject now.
func (f *LoginFailure) Locked(now time.Time) bool { return f.Closed || now.Before(f.NotBefore) }

// Count adds one failure at that time by the rules of Keycloak's brute-force
// protection, and says whether a wait began with it.
func (f *LoginFailure) Count(b BruteForce, now time.Time, ip string) (waits bool) {
	last := f.LastFailure
	since := now.Sub(last)
	f.LastFailure, f.LastIP = now, ip
	factor := max(b.FailureFactor, 1)
	if !last.IsZero() && b.MaxDeltaTime > 0 && since > time.Duration(b.MaxDeltaTime)*time.Second && !b.forGood() {
		f.Failures, f.Lockouts = 0, 0
	}
	f.Failures++
	if b.forGood() {
		f.Closed = f.Failures >= factor
		return f.Closed
	}
	wait, quick := 0, false
	if f.Failures >= factor {
		wait = b.WaitIncrement * (f.Failures / factor)
		if b.Strategy == StrategyLinear {
			wait = b.WaitIncrement * (1 + f.Failures - factor)
		}
	}
	if wait == 0 && !last.IsZero() && since < time.Duration(b.QuickLoginCheck)*time.Millisecond {
		wait, quick = b.MinimumQuickLoginWait, true
	}
	if wait <= 0 {
		return false
	}
	if b.MaxFailureWait > 0 {
		wait = min(wait, b.MaxFailureWait)
	}
	f.NotBefore = now.Add(time.Duration(wait) * time.Second)
	if !quick {
		f.Lockouts++
		f.Closed = b.PermanentLockout && f.Lockouts > b.MaxTemporaryLockouts
	}
	return true
}

// forGood says that the first time at which there are too many failures closes
// the road.
func (b BruteForce) forGood() bool { return b.PermanentLockout && b.MaxTemporaryLockouts == 0 }

// Events of the brute-force protection, with Keycloak's names: a wait began, or
// the road of passwords was closed.
const (
	EventTemporaryLockout EventType = "USER_DISABLED_BY_TEMPORARY_LOCKOUT_ERROR"
	EventPermanentLockout EventType = "USER_DISABLED_BY_PERMANENT_LOCKOUT_ERROR"
)
