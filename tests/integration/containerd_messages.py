# SPDX-License-Identifier: Apache-2.0
"""The numbers and types of every field, by which clients that were generated from another .proto
find them: written down here once more, and compared with what protoc makes of ours. And who has to
do with any of it: chock-containerd alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FieldDescriptor

from harness import main
from harness.containerd import ContainerdCase, api_pb2, health_pb2

# Fields with the same type follow each other: `1 id 2 bundlePath :string`; `*`: repeated,
# `{string,X}`: a map; `!`: numbers that were used once and must not be again.
_API = """
GetServerVersionRequest:
GetServerVersionResponse: 1 major 2 minor 3 patch :uint32 4 revision :string
CreateContainerRequest: 1 id 2 bundlePath 3 checkpoint 4 stdin 5 stdout 6 stderr :string
  7 labels :string* 8 noPivotRoot :bool 9 runtime :string 10 runtimeArgs :string*
  11 checkpointDir :string
CreateContainerResponse: 1 container :Container
SignalRequest: 1 id 2 pid :string 3 signal :uint32
SignalResponse:
AddProcessRequest: 1 id :string 2 terminal :bool 3 user :User 4 args 5 env :string*
  6 cwd 7 pid 8 stdin 9 stdout 10 stderr :string 11 capabilities :string*
  12 apparmorProfile 13 selinuxLabel :string 14 noNewPrivileges :bool 15 rlimits :Rlimit*
AddProcessResponse: 1 systemPid :uint32
Rlimit: 1 type :string 2 soft 3 hard :uint64
User: 1 uid 2 gid :uint32 3 additionalGids :uint32*
UpdateProcessRequest: 1 id 2 pid :string 3 closeStdin :bool 4 width 5 height :uint32
UpdateProcessResponse:
CreateCheckpointRequest: 1 id :string 2 checkpoint :Checkpoint 3 checkpointDir :string
CreateCheckpointResponse:
DeleteCheckpointRequest: 1 id 2 name 3 checkpointDir :string
DeleteCheckpointResponse:
ListCheckpointRequest: 1 id 2 checkpointDir :string
ListCheckpointResponse: 1 checkpoints :Checkpoint*
Checkpoint: 1 name :string 2 exit 3 tcp 4 unixSockets 5 shell :bool 6 emptyNS :string*
StateRequest: 1 id :string
ContainerState: 1 status :string
StateResponse: 1 containers :Container* 2 machine :Machine
Machine: 1 cpus :uint32 2 memory :uint64
Container: 1 id 2 bundlePath :string 3 processes :Process* 4 status :string 5 labels :string*
  6 pids :uint32* 7 runtime :string
Process: 1 pid :string 2 terminal :bool 3 user :User 4 args 5 env :string* 6 cwd :string
  7 systemPid :uint32 8 stdin 9 stdout 10 stderr :string 11 capabilities :string*
  12 apparmorProfile 13 selinuxLabel :string 14 noNewPrivileges :bool 15 rlimits :Rlimit*
UpdateContainerRequest: 1 id 2 pid 3 status :string 4 resources :UpdateResource
UpdateContainerResponse:
UpdateResource: 1 blkioWeight 2 cpuShares 3 cpuPeriod 4 cpuQuota :uint64
  5 cpusetCpus 6 cpusetMems :string 7 memoryLimit 8 memorySwap 9 memoryReservation
  10 kernelMemoryLimit 11 kernelTCPMemoryLimit 12 blkioLeafWeight :uint64
  13 blkioWeightDevice :WeightDevice* 14 blkioThrottleReadBpsDevice
  15 blkioThrottleWriteBpsDevice 16 blkioThrottleReadIopsDevice
  17 blkioThrottleWriteIopsDevice :ThrottleDevice*
  18 pidsLimit 19 cpuRealtimePeriod :uint64 20 cpuRealtimeRuntime :int64
BlockIODevice: 1 major 2 minor :int64
WeightDevice: 1 blkIODevice :BlockIODevice 2 weight 3 leafWeight :uint32
ThrottleDevice: 1 blkIODevice :BlockIODevice 2 rate :uint64
EventsRequest: 2 timestamp :Timestamp 3 storedOnly :bool 4 id :string !1
Event: 1 type 2 id :string 3 status :uint32 4 pid :string 6 timestamp :Timestamp !5
StatsRequest: 1 id :string
StatsResponse: 1 network_stats :NetworkStats* 2 cgroup_stats :CgroupStats 4 timestamp :Timestamp !3
NetworkStats: 1 name :string 2 rx_bytes 3 rx_Packets 4 Rx_errors 5 Rx_dropped 6 Tx_bytes
  7 Tx_packets 8 Tx_errors 9 Tx_dropped :uint64
CgroupStats: 1 cpu_stats :CpuStats 2 memory_stats :MemoryStats 3 blkio_stats :BlkioStats
  4 hugetlb_stats :{string,HugetlbStats} 5 pids_stats :PidsStats
CpuStats: 1 cpu_usage :CpuUsage 2 throttling_data :ThrottlingData 3 system_usage :uint64
CpuUsage: 1 total_usage :uint64 2 percpu_usage :uint64* 3 usage_in_kernelmode
  4 usage_in_usermode :uint64
ThrottlingData: 1 periods 2 throttled_periods 3 throttled_time :uint64
PidsStats: 1 current 2 limit :uint64
MemoryData: 1 usage 2 max_usage 3 failcnt 4 limit :uint64
MemoryStats: 1 cache :uint64 2 usage 3 swap_usage 4 kernel_usage :MemoryData
  5 stats :{string,uint64}
BlkioStatsEntry: 1 major 2 minor :uint64 3 op :string 4 value :uint64
BlkioStats: 1 io_service_bytes_recursive 2 io_serviced_recursive 3 io_queued_recursive
  4 io_service_time_recursive 5 io_wait_time_recursive 6 io_merged_recursive 7 io_time_recursive
  8 sectors_recursive :BlkioStatsEntry*
HugetlbStats: 1 usage 2 max_usage 3 failcnt 4 limit :uint64
"""

_WORDS = {value: name[len("TYPE_"):].lower() for name, value in vars(FieldDescriptor).items()
          if name.startswith("TYPE_")}
_METHODS = ("GetServerVersion", "CreateContainer", "UpdateContainer", "Signal", "UpdateProcess",
            "AddProcess", "CreateCheckpoint", "DeleteCheckpoint", "ListCheckpoint", "State",
            "Events", "Stats")


def _expected():
    """{message: ({number: (name, type)}, retired numbers)}"""
    messages = {}
    for name, text in re.findall(r"^(\w+):((?:.|\n )*)$", _API, re.MULTILINE):
        fields, waiting = {}, []
        for number, field, kind in re.findall(r"(\d+) (\w+)|:(\S+)", text.split("!")[0]):
            if kind:
                fields |= {each: (word, kind) for each, word in waiting}
                waiting = []
            else:
                waiting.append((int(number), field))
        assert not waiting, name
        messages[name] = fields, {int(each) for each in re.findall(r"!(\d+)", text)}
    return messages


def _type_of(field):
    kind = field.message_type.name if field.message_type else _WORDS[field.type]
    if field.message_type and field.message_type.GetOptions().map_entry:
        return "{%s,%s}" % tuple(map(_type_of, field.message_type.fields))
    return kind + ("*" if field.label == FieldDescriptor.LABEL_REPEATED else "")


def _fields(message):
    return {field.number: (field.name, _type_of(field)) for field in message.fields}


def _reserved(message):
    proto = descriptor_pb2.DescriptorProto()
    message.CopyToProto(proto)
    return {number for each in proto.reserved_range for number in range(each.start, each.end)}


def _parent(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as source:
        return int(source.read().rpartition(")")[2].split()[1])


class Messages(ContainerdCase):

    def test_fields(self):
        expected = _expected()
        ours = api_pb2.DESCRIPTOR.message_types_by_name
        self.assertEqual(set(ours), set(expected))
        for name, (fields, retired) in expected.items():
            with self.subTest(name):
                self.assertEqual(_fields(ours[name]), fields)
                self.assertEqual(_reserved(ours[name]), retired)

    def test_names_on_the_wire(self):
        self.assertEqual(api_pb2.DESCRIPTOR.package, "types")
        service = api_pb2.DESCRIPTOR.services_by_name["API"]
        self.assertEqual({method.name: (method.input_type.name, method.output_type.name)
                          for method in service.methods},
                         {name: (f"{name}Request", "Event" if name == "Events" else
                                 f"{name}Response") for name in _METHODS})
        health = health_pb2.DESCRIPTOR
        self.assertEqual(health.package, "grpc.health.v1")
        self.assertEqual([method.full_name for method in health.services_by_name["Health"].methods],
                         ["grpc.health.v1.Health.Check"])
        self.assertEqual(_fields(health.message_types_by_name["HealthCheckRequest"]),
                         {1: ("service", "string")})
        self.assertEqual(_fields(health.message_types_by_name["HealthCheckResponse"]),
                         {1: ("status", "enum")})
        stamp = api_pb2.Event.DESCRIPTOR.fields_by_name["timestamp"].message_type
        self.assertEqual((stamp.full_name, _fields(stamp)),
                         ("google.protobuf.Timestamp",
                          {1: ("seconds", "int64"), 2: ("nanos", "int32")}))

    def test_repeated_numbers(self):
        """Packed or one by one, as a client likes; packed in an answer."""
        server = self.daemon()
        client = server.client()
        stream = client.events().subscribed()
        container, pid = self.create(client, self.space.shell("exec sleep 1000"))
        for name, groups in (("packed", b"\x1a\x02\x07\x08"), ("single", b"\x18\x07\x18\x08")):
            request = api_pb2.AddProcessRequest(id=container, pid=name, cwd="/",
                                                args=["/bin/sleep", "1000"])
            user = b"\x1a" + bytes([len(groups)]) + groups  # field 3 of both messages
            answer = api_pb2.AddProcessResponse.FromString(
                client.raw("/types.API/AddProcess", request.SerializeToString() + user))
            status = Path(f"/proc/{answer.systemPid}/status").read_text(encoding="utf-8")
            self.assertEqual(re.search(r"Groups:\s+(.*\S)", status).group(1), "7 8", name)
        state = client.raw("/types.API/State")
        pids = api_pb2.StateResponse.FromString(state).containers[0].pids
        self.assertEqual(len(pids), 3)
        self.assertIn(pid, pids)
        self.assertIn(api_pb2.Container(pids=pids).SerializeToString(), state)
        self.end(client, stream, container)
        stream.cancel()
        self.assertEqual(server.stop(), 0)


class Dependencies(ContainerdCase):
    """chock and its shim neither contain nor load what chock-containerd cannot do without."""

    programs = ("chock", "chock-containerd", "chock-shim")
    _LIBRARIES = ("grpc", "protobuf")

    def loaded(self, pid):
        text = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").lower()
        return {word for word in self._LIBRARIES if re.search(rf"/lib{word}", text)}

    def test_what_is_linked(self):
        """Neither as a library that is needed, whose name a program contains, nor statically."""
        for path, expected in ((self.daemon_path, set(self._LIBRARIES)), (self.chock_path, set()),
                               (self.shim_path, set())):
            content = Path(path).read_bytes().lower()
            self.assertEqual({word for word in self._LIBRARIES if word.encode() in content},
                             expected, path)

    def test_what_is_loaded(self):
        server = self.daemon()
        client = server.client()
        stream = client.events().subscribed()
        container, pid = self.create(client, self.space.shell("exec sleep 1000"))
        shim = _parent(pid)
        self.assertEqual(os.readlink(f"/proc/{shim}/exe"), os.path.realpath(self.shim_path))
        self.assertEqual((self.loaded(server.pid), self.loaded(shim)),
                         (set(self._LIBRARIES), set()))
        self.end(client, stream, container)
        stream.cancel()
        self.assertEqual(server.stop(), 0)
        chock = self.spawn(self.chock_argv("serve"), stderr=subprocess.DEVNULL,
                           env=self.space.environment | {"NOTIFY_SOCKET": server.manager.path})
        while server.manager.next(chock) != "READY=1":
            pass  # what chock-containerd said at its end
        self.assertEqual(self.loaded(chock.pid), set())
        chock.terminate()
        self.assertEqual(chock.wait(10), 0)


if __name__ == "__main__":
    sys.exit(main())
