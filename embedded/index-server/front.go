package main

import "context"

// reads are the commands that change nothing; every other command, also one that is not known here, waits its turn.
var reads = map[string]bool{
	"aggregate": true, "buildInfo": true, "buildinfo": true, "collStats": true, "connectionStatus": true, "count": true,
	"currentOp": true, "dataSize": true, "dbStats": true, "dbstats": true, "distinct": true, "explain": true,
	"find": true, "getCmdLineOpts": true, "getFreeMonitoringStatus": true, "getLog": true, "getMore": true,
	"getParameter": true, "hello": true, "hostInfo": true, "isMaster": true, "ismaster": true, "killCursors": true,
	"listCollections": true, "listCommands": true, "listDatabases": true, "listIndexes": true, "logout": true,
	"ping": true, "saslContinue": true, "saslStart": true, "serverStatus": true, "validate": true, "whatsmyuri": true,
}

// front lets one write command run at a time, in the order of arrival, while reads go side by side.
//
// FerretDB reads a document, changes it in memory and writes it back, each in a transaction of its own: two updates
// at a time lose one of the two. MongoDB's rule, that a change of one document is atomic, holds only in this order.
type front struct {
	// turn holds a token while no write runs.
	turn chan struct{}
}

func newFront() *front {
	f := &front{turn: make(chan struct{}, 1)}
	f.turn <- struct{}{}

	return f
}

// pass runs the handler of a command: a read at once, a write when its turn comes.
//
// A write that waits when ctx ends is run with that ended context, which changes nothing and gives its client an error.
// A write that has begun is not broken off by the end of ctx: it is finished, and its response is sent.
func (f *front) pass(ctx context.Context, command string, next func(context.Context)) {
	if reads[command] {
		next(ctx)
		return
	}

	// A free turn and an ended context are both ready: the context counts first.
	if ctx.Err() == nil {
		select {
		case <-f.turn:
			// Also when the handler panics: FerretDB recovers, and everybody else's writes must go on.
			defer func() { f.turn <- struct{}{} }()
			next(context.WithoutCancel(ctx))

			return
		case <-ctx.Done():
		}
	}

	next(ctx)
}
