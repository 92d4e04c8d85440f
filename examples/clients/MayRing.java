// Asks whether a call may ring, from the proto alone; see docs/integrate.md.
import fanzha.v1.DecisionOuterClass.Action;
import fanzha.v1.Interception.Call;
import fanzha.v1.Interception.DecideCallRequest;
import fanzha.v1.Interception.Ingress;
import fanzha.v1.InterceptionServiceGrpc;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import java.util.Map;
import java.util.concurrent.TimeUnit;

public class MayRing {
  static boolean mayRing(
      InterceptionServiceGrpc.InterceptionServiceBlockingStub stub,
      String caller,
      String callee,
      int milliseconds) {
    Call call = Call.newBuilder()
        .setCaller(caller)
        .setCallee(callee)
        .setIngress(Ingress.INGRESS_INTERCONNECT)
        .build();
    try {
      var answer = stub.withDeadlineAfter(milliseconds, TimeUnit.MILLISECONDS)
          .decideCall(DecideCallRequest.newBuilder().setCall(call).build());
      return answer.getDecision().getAction() != Action.ACTION_BLOCK;
    } catch (StatusRuntimeException error) {
      System.err.println("not answered: " + error.getStatus());
      return true; // In doubt, the phone rings.
    }
  }

  public static void main(String[] words) throws InterruptedException {
    if (words.length != 3 && words.length != 4) {
      System.err.println("usage: MayRing TARGET CALLER CALLEE [MILLISECONDS]");
      System.exit(2);
    }
    int milliseconds = words.length == 4 ? Integer.parseInt(words[3]) : 50;
    // One channel and one stub for the life of the process; any thread may use them.
    ManagedChannel channel = ManagedChannelBuilder.forTarget(words[0])
        .usePlaintext()
        .defaultLoadBalancingPolicy("round_robin")
        .defaultServiceConfig(Map.of(
            "healthCheckConfig", Map.of("serviceName", "fanzha.v1.InterceptionService")))
        .build();
    var stub = InterceptionServiceGrpc.newBlockingStub(channel);
    while (channel.getState(true) != ConnectivityState.READY) {
      Thread.sleep(10);
    }
    for (int first = 0; first < 20; first++) { // These load classes, and may be late.
      mayRing(stub, words[1], words[2], milliseconds);
    }
    System.out.println(mayRing(stub, words[1], words[2], milliseconds) ? "ring" : "block");
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
  }
}
