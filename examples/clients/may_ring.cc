// Asks whether a call may ring, from the proto alone; see docs/integrate.md.
#include <chrono>
#include <iostream>
#include <string>

#include <grpcpp/grpcpp.h>

#include "fanzha/v1/interception.grpc.pb.h"

namespace fanzha_v1 = fanzha::v1;

bool MayRing(fanzha_v1::InterceptionService::Stub& stub, const std::string& caller,
             const std::string& callee, std::chrono::milliseconds deadline) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + deadline);
  fanzha_v1::DecideCallRequest request;
  request.mutable_call()->set_caller(caller);
  request.mutable_call()->set_callee(callee);
  request.mutable_call()->set_ingress(fanzha_v1::INGRESS_INTERCONNECT);
  fanzha_v1::DecideCallResponse response;
  grpc::Status status = stub.DecideCall(&context, request, &response);
  if (!status.ok()) {
    std::cerr << "not answered: " << status.error_message() << "\n";
    return true;  // In doubt, the phone rings.
  }
  return response.decision().action() != fanzha_v1::ACTION_BLOCK;
}

int main(int count, char** words) {
  if (count != 4 && count != 5) {
    std::cerr << "usage: may_ring TARGET CALLER CALLEE [MILLISECONDS]\n";
    return 2;
  }
  const std::chrono::milliseconds deadline(count == 5 ? std::stoi(words[4]) : 50);
  // One channel and one stub for the life of the process; any thread may use them.
  grpc::ChannelArguments options;
  options.SetServiceConfigJSON(R"({"loadBalancingConfig": [{"round_robin": {}}],
      "healthCheckConfig": {"serviceName": "fanzha.v1.InterceptionService"}})");
  auto channel =
      grpc::CreateCustomChannel(words[1], grpc::InsecureChannelCredentials(), options);
  channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(5));
  auto stub = fanzha_v1::InterceptionService::NewStub(channel);
  std::cout << (MayRing(*stub, words[2], words[3], deadline) ? "ring" : "block") << "\n";
}
