// The limit: our protocol, one look-up in a hash table for each call, and nothing else.
//   limit NUMBERS PORT    NUMBERS: a file with a listed number a line, without the plus

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <unordered_set>

#include "fanzha/v1/interception.grpc.pb.h"

namespace v1 = fanzha::v1;

class Limit final : public v1::InterceptionService::CallbackService {
 public:
  explicit Limit(const char* file) {
    std::ifstream lines(file);
    for (std::int64_t number; lines >> number;) listed_.insert(number);
  }

  std::size_t size() const { return listed_.size(); }

  grpc::ServerUnaryReactor* DecideCall(grpc::CallbackServerContext* context,
                                       const v1::DecideCallRequest* request,
                                       v1::DecideCallResponse* response) override {
    response->mutable_decision()->set_action(Decide(request->call().caller()));
    return Done(context);
  }

  grpc::ServerUnaryReactor* DecideCalls(grpc::CallbackServerContext* context,
                                        const v1::DecideCallsRequest* request,
                                        v1::DecideCallsResponse* response) override {
    auto* actions = response->mutable_decisions()->mutable_actions();
    actions->Reserve(request->calls_size());
    for (const auto& call : request->calls()) actions->Add(Decide(call.caller()));
    return Done(context);
  }

 private:
  v1::Action Decide(const std::string& caller) const {
    if (caller.size() < 2) return v1::ACTION_ALLOW;
    const std::int64_t number = std::strtoll(caller.c_str() + 1, nullptr, 10);
    return listed_.count(number) ? v1::ACTION_BLOCK : v1::ACTION_ALLOW;
  }

  static grpc::ServerUnaryReactor* Done(grpc::CallbackServerContext* context) {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  std::unordered_set<std::int64_t> listed_;
};

int main(int count, char** arguments) {
  if (count != 3) return 2;
  Limit service(arguments[1]);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + arguments[2],
                           grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (!server) return 1;
  std::cout << service.size() << " numbers" << std::endl;
  server->Wait();
}
