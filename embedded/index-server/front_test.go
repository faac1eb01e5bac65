package main

import (
	"context"
	"testing"
)

// held starts a write that keeps its turn until release is called; done closes after it.
func held(f *front, ctx context.Context) (release func(), done chan struct{}) {
	begun, end := make(chan struct{}), make(chan struct{})
	done = make(chan struct{})

	go func() {
		defer close(done)
		f.pass(ctx, "update", func(context.Context) {
			close(begun)
			<-end
		})
	}()
	<-begun

	return func() { close(end) }, done
}

func TestReadPassesAWrite(t *testing.T) {
	f := newFront()
	release, done := held(f, context.Background())

	ran := false
	f.pass(context.Background(), "find", func(context.Context) { ran = true })

	if !ran {
		t.Error("the read did not run")
	}

	release()
	<-done
}

func TestOneWriteAtATime(t *testing.T) {
	f := newFront()
	count := 0 // not guarded by anything else: the race detector and the sum both tell
	done := make(chan struct{})

	for range 100 {
		go func() {
			f.pass(context.Background(), "insert", func(context.Context) { count++ })
			done <- struct{}{}
		}()
	}

	for range 100 {
		<-done
	}

	if count != 100 {
		t.Errorf("count is %d", count)
	}
}

func TestUnknownCommandIsAWrite(t *testing.T) {
	f := newFront()
	f.pass(context.Background(), "somethingNew", func(context.Context) {
		if len(f.turn) != 0 {
			t.Error("the command ran without the turn")
		}
	})
}

func TestWaitingWriteLeavesWhenItsClientGoes(t *testing.T) {
	f := newFront()
	release, done := held(f, context.Background())

	ctx, cancel := context.WithCancel(context.Background())
	cancel()

	f.pass(ctx, "update", func(ctx context.Context) {
		if ctx.Err() == nil {
			t.Error("a write that did not get its turn could still change something")
		}
	})
	release()
	<-done

	if len(f.turn) != 1 {
		t.Error("the turn is lost")
	}
}

func TestBegunWriteIsFinished(t *testing.T) {
	f := newFront()
	ctx, cancel := context.WithCancel(context.Background())

	f.pass(ctx, "update", func(ctx context.Context) {
		cancel()

		if ctx.Err() != nil {
			t.Error("the write was broken off")
		}
	})
}

func TestPanicGivesTheTurnBack(t *testing.T) {
	f := newFront()

	func() {
		defer func() { _ = recover() }()
		f.pass(context.Background(), "update", func(context.Context) { panic("handler") })
	}()

	if len(f.turn) != 1 {
		t.Error("the turn is lost")
	}
}
