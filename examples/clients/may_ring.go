// Asks whether a call may ring, from the proto alone; see docs/integrate.md.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health"

	"fanzha.example/v1"
)

func mayRing(client fanzha.InterceptionServiceClient, caller, callee string, deadline time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	call := &fanzha.Call{Caller: caller, Callee: callee, Ingress: fanzha.Ingress_INGRESS_INTERCONNECT}
	answer, err := client.DecideCall(ctx, &fanzha.DecideCallRequest{Call: call})
	if err != nil {
		log.Print("not answered: ", err)
		return true // In doubt, the phone rings.
	}
	return answer.Decision.Action != fanzha.Action_ACTION_BLOCK
}

func main() {
	if len(os.Args) != 4 && len(os.Args) != 5 {
		log.Fatal("usage: may_ring TARGET CALLER CALLEE [MILLISECONDS]")
	}
	deadline := 50 * time.Millisecond
	if len(os.Args) == 5 {
		milliseconds, err := strconv.Atoi(os.Args[4])
		if err != nil {
			log.Fatal(err)
		}
		deadline = time.Duration(milliseconds) * time.Millisecond
	}
	// One connection for the life of the process; any goroutine may use it.
	connection, err := grpc.NewClient(os.Args[1],
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}],
			"healthCheckConfig": {"serviceName": "fanzha.v1.InterceptionService"}}`))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	if mayRing(fanzha.NewInterceptionServiceClient(connection), os.Args[2], os.Args[3], deadline) {
		fmt.Println("ring")
	} else {
		fmt.Println("block")
	}
}
