#!/bin/sh
# Builds the clients in C++, Go and Java from the proto, in a folder that is given, and asks a
# running server with each. On Debian:
#   apt install g++ pkg-config protobuf-compiler protobuf-compiler-grpc libgrpc++-dev
#   apt install golang-go golang-google-grpc-dev protoc-gen-go-1-5 protoc-gen-go-grpc
#   apt install default-jdk libgrpc-java libprotobuf-java protobuf-compiler-grpc-java-plugin
#
#   examples/clients/build.sh /tmp/clients 127.0.0.1:7361 [CALLER CALLEE MILLISECONDS]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
proto=$here/../../proto
out=$1
target=$2
protos="fanzha/v1/protocol_answer.proto fanzha/v1/decision.proto fanzha/v1/interception.proto"
call="${3:-+8617000000123} ${4:-+8619900000001} ${5:-50}"

echo "C++"
mkdir -p "$out/cpp"
(cd "$proto" && protoc -I . --cpp_out="$out/cpp" --grpc_out="$out/cpp" \
    --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" $protos)
c++ -std=c++17 -O1 -I "$out/cpp" $(pkg-config --cflags grpc++ protobuf) \
    "$here/may_ring.cc" "$out"/cpp/fanzha/v1/*.cc $(pkg-config --libs grpc++ protobuf) \
    -o "$out/cpp/may_ring"
"$out/cpp/may_ring" "$target" $call

echo "Go"
mkdir -p "$out/go/src/fanzha.example/v1" "$out/go/src/may_ring"
(cd "$proto" && protoc -I . --go_out="$out/go/src" --go-grpc_out="$out/go/src" \
    --go_opt=Mfanzha/v1/protocol_answer.proto='fanzha.example/v1;fanzha' \
    --go_opt=Mfanzha/v1/decision.proto='fanzha.example/v1;fanzha' \
    --go_opt=Mfanzha/v1/interception.proto='fanzha.example/v1;fanzha' \
    --go-grpc_opt=Mfanzha/v1/protocol_answer.proto='fanzha.example/v1;fanzha' \
    --go-grpc_opt=Mfanzha/v1/decision.proto='fanzha.example/v1;fanzha' \
    --go-grpc_opt=Mfanzha/v1/interception.proto='fanzha.example/v1;fanzha' $protos)
cp "$here/may_ring.go" "$out/go/src/may_ring/main.go"
GO111MODULE=off GOFLAGS= GOPATH="$out/go:/usr/share/gocode" GOCACHE="$out/go/cache" \
    go build -o "$out/go/may_ring" may_ring
"$out/go/may_ring" "$target" $call

echo "Java"
mkdir -p "$out/java/classes"
(cd "$proto" && protoc -I . --java_out="$out/java" --grpc-java_out="$out/java" \
    --plugin=protoc-gen-grpc-java="$(command -v grpc_java_plugin)" $protos)
jars=$(cd /usr/share/java && printf "$PWD/%s.jar:" grpc-api grpc-context grpc-core grpc-netty \
    grpc-protobuf grpc-protobuf-lite grpc-stub protobuf guava gson perfmark-api \
    geronimo-annotation-1.3-spec netty-all netty-buffer netty-codec netty-codec-http \
    netty-codec-http2 netty-common netty-handler netty-resolver netty-transport)
javac -nowarn -cp "$jars" -d "$out/java/classes" "$out"/java/fanzha/v1/*.java "$here/MayRing.java"
java -cp "$jars$out/java/classes" MayRing "$target" $call
