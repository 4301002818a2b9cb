"""Virtual machines and what they hang on, as Microsoft's clients see them. Nothing is booted behind these."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.privatedns import PrivateDnsManagementClient

from tests.conformance.running import SUBSCRIPTION, Running, words

PLACE = {"location": "northeurope"}


@pytest.fixture
def subnet(network: Any, group: str) -> Any:
    space = {**PLACE, "address_space": {"address_prefixes": ["10.0.0.0/16"]}}
    network.virtual_networks.begin_create_or_update(group, "v", space).result()
    return network.subnets.begin_create_or_update(group, "v", "nodes", {"address_prefix": "10.0.1.0/24"}).result()


@pytest.fixture
def interface(network: Any, group: str, subnet: Any) -> Any:
    configurations = [{"name": "ip", "subnet": {"id": subnet.id}, "primary": True}]
    body = {**PLACE, "ip_configurations": configurations}
    return network.network_interfaces.begin_create_or_update(group, "nic", body).result()


def machine(interface: Any, **changes: Any) -> dict[str, Any]:
    return {
        **PLACE,
        "hardware_profile": {"vm_size": "Standard_D2s_v5"},
        "storage_profile": {
            "image_reference": {"community_gallery_image_id": "/CommunityGalleries/g/Images/i/Versions/1.36.3"},
            "os_disk": {"name": "vm_OSDisk", "create_option": "FromImage", "disk_size_gb": 128, "os_type": "Linux"},
            "data_disks": [{"name": "vm_etcd", "create_option": "Empty", "lun": 0, "disk_size_gb": 256}],
        },
        "os_profile": {
            "computer_name": "vm",
            "admin_username": "capi",
            "custom_data": base64.b64encode(b"#cloud-config\n").decode(),
        },
        "network_profile": {"network_interfaces": [{"id": interface.id}]},
        **changes,
    }


def test_a_machine_comes_with_its_disks_and_never_shows_its_custom_data(
    azure: Running, compute: Any, network: Any, group: str, interface: Any
) -> None:
    made = compute.virtual_machines.begin_create_or_update(group, "vm", machine(interface)).result()
    assert (made.provisioning_state, made.os_profile.custom_data) == ("Succeeded", None)
    assert [disk.managed_by for disk in compute.disks.list_by_resource_group(group)] == [made.id, made.id]
    assert network.network_interfaces.get(group, "nic").virtual_machine.id == made.id
    kept = azure.simulator.azure.store.get(made.id)
    assert kept is not None
    spec = azure.simulator.azure.types["microsoft.compute/virtualmachines"].spec(azure.simulator.azure, kept)  # type: ignore[attr-defined]
    assert (spec.custom_data, spec.addresses) == (b"#cloud-config\n", ("10.0.1.4",))


def test_nothing_answers_on_a_machine_and_it_says_so(compute: Any, group: str, interface: Any) -> None:
    compute.virtual_machines.begin_create_or_update(group, "vm", machine(interface)).result()
    view = compute.virtual_machines.get(group, "vm", expand="instanceView").instance_view
    assert view.vm_agent.statuses[0].display_status == "Not Ready"
    extension = {**PLACE, "publisher": "p", "type_properties_type": "t", "type_handler_version": "1.0"}
    awaited = compute.virtual_machine_extensions.begin_create_or_update(group, "vm", "boot", extension, polling=False)
    assert awaited.result().provisioning_state == "Creating"
    compute.virtual_machines.begin_delete(group, "vm").result()
    with pytest.raises(HttpResponseError):
        compute.virtual_machine_extensions.get(group, "vm", "boot")


def test_what_belongs_to_a_machine_goes_after_it(compute: Any, network: Any, group: str, interface: Any) -> None:
    compute.virtual_machines.begin_create_or_update(group, "vm", machine(interface)).result()
    with pytest.raises(HttpResponseError) as refused:
        network.network_interfaces.begin_delete(group, "nic")
    assert words(refused).code == "NicInUse"
    with pytest.raises(HttpResponseError) as refused:
        compute.disks.begin_delete(group, "vm_OSDisk")
    assert words(refused).code == "OperationNotAllowed"
    compute.virtual_machines.begin_delete(group, "vm").result()
    for disk in ("vm_OSDisk", "vm_etcd"):
        compute.disks.begin_delete(group, disk).result()
    network.network_interfaces.begin_delete(group, "nic").result()
    assert list(compute.disks.list_by_resource_group(group)) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"hardware_profile": {"vm_size": "Standard_Nothing"}}, "InvalidParameter"),
        ({"network_profile": {"network_interfaces": [{"id": f"{SUBSCRIPTION}/x/none"}]}}, "InvalidParameter"),
        ({"os_profile": {"computer_name": "vm", "custom_data": "no base64!"}}, "InvalidParameter"),
    ],
)
def test_a_machine_that_makes_no_sense(
    compute: Any, group: str, interface: Any, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(HttpResponseError) as refused:
        compute.virtual_machines.begin_create_or_update(group, "vm", machine(interface, **changes))
    assert (refused.value.status_code, words(refused).code) == (400, code)


def test_what_a_machine_started_from_cannot_change(compute: Any, group: str, interface: Any) -> None:
    compute.virtual_machines.begin_create_or_update(group, "vm", machine(interface)).result()
    other = machine(interface, os_profile={"computer_name": "vm", "custom_data": base64.b64encode(b"other").decode()})
    with pytest.raises(HttpResponseError) as refused:
        compute.virtual_machines.begin_create_or_update(group, "vm", other)
    assert words(refused).code == "PropertyChangeNotAllowed"


def test_a_load_balancer_s_parts_are_referred_to(network: Any, group: str, subnet: Any) -> None:
    address = {**PLACE, "sku": {"name": "Standard"}, "public_ip_allocation_method": "Static"}
    named = {**address, "dns_settings": {"domain_name_label": "api-conformance"}}
    public = network.public_ip_addresses.begin_create_or_update(group, "ip", named).result()
    assert (public.dns_settings.fqdn, public.ip_address) == (
        "api-conformance.northeurope.cloudapp.azure.com",
        "198.18.0.1",
    )
    whole = f"{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Network/loadBalancers/lb"
    front, pool = f"{whole}/frontendIPConfigurations/f", f"{whole}/backendAddressPools/p"
    body = {
        **PLACE,
        "sku": {"name": "Standard"},
        "frontend_ip_configurations": [{"name": "f", "public_ip_address": {"id": public.id}}],
        "backend_address_pools": [{"name": "p"}],
    }
    made = network.load_balancers.begin_create_or_update(group, "lb", body).result()
    assert (made.frontend_ip_configurations[0].id, made.backend_address_pools[0].id) == (front, pool)
    rule = {"frontend_ip_configuration": {"id": front}, "protocol": "Tcp", "frontend_port": 22, "backend_port": 22}
    network.inbound_nat_rules.begin_create_or_update(group, "lb", "ssh", rule).result()
    assert [found.name for found in network.load_balancers.get(group, "lb").inbound_nat_rules] == ["ssh"]
    with pytest.raises(HttpResponseError) as refused:
        network.inbound_nat_rules.begin_create_or_update(group, "lb", "other", rule)
    assert words(refused).code == "RulesUseSameFrontendPortProtocolAndIPConfig"
    for wanted, there in ((pool, True), (f"{whole}/backendAddressPools/none", False)):
        configuration = {
            "name": "ip",
            "subnet": {"id": subnet.id},
            "load_balancer_backend_address_pools": [{"id": wanted}],
        }
        nic = {**PLACE, "ip_configurations": [configuration]}
        if there:
            network.network_interfaces.begin_create_or_update(group, "nic", nic).result()
        else:
            with pytest.raises(HttpResponseError) as refused:
                network.network_interfaces.begin_create_or_update(group, "nic", nic)
            assert words(refused).code == "InvalidResourceReference"


def test_sizes_tell_what_they_can_do_and_where(compute: Any) -> None:
    found = {sku.name: sku for sku in compute.resource_skus.list(filter="location eq 'northeurope'")}
    capabilities = {each.name: each.value for each in found["Standard_D2s_v5"].capabilities}
    assert (capabilities["vCPUs"], found["Standard_D2s_v5"].location_info[0].zones) == ("2", ["1", "2", "3"])
    assert found["Aligned"].resource_type == "availabilitySets"


def test_an_availability_set_tells_its_machines(compute: Any, group: str, interface: Any) -> None:
    body = {**PLACE, "sku": {"name": "Aligned"}, "platform_fault_domain_count": 2}
    made = compute.availability_sets.create_or_update(group, "set", body)
    vm = machine(interface, availability_set={"id": made.id})
    compute.virtual_machines.begin_create_or_update(group, "vm", vm).result()
    assert len(compute.availability_sets.get(group, "set").virtual_machines) == 1
    with pytest.raises(HttpResponseError):
        compute.availability_sets.delete(group, "set")


def test_tags_are_read_and_merged_at_their_own_address(resources: Any, group: str, interface: Any) -> None:
    change = {"operation": "Merge", "properties": {"tags": {"a": "1"}}}
    assert resources.tags.begin_update_at_scope(interface.id, change).result().properties.tags == {"a": "1"}
    assert resources.tags.get_at_scope(interface.id).properties.tags == {"a": "1"}


def test_a_private_zone_has_links_and_records(azure: Running, network: Any, group: str, subnet: Any) -> None:
    dns = azure.client(PrivateDnsManagementClient)
    dns.private_zones.begin_create_or_update(group, "fleet.internal", {"location": "global"}).result()
    whole = subnet.id.rsplit("/", 2)[0]
    link = {"location": "global", "virtual_network": {"id": whole}, "registration_enabled": False}
    dns.virtual_network_links.begin_create_or_update(group, "fleet.internal", "link", link).result()
    record = {"ttl": 300, "a_records": [{"ipv4_address": "10.0.1.100"}]}
    made = dns.record_sets.create_or_update(group, "fleet.internal", "A", "api", record)
    assert made.fqdn == "api.fleet.internal."


def test_deleting_the_group_takes_machines_with_it(compute: Any, resources: Any, group: str, interface: Any) -> None:
    compute.virtual_machines.begin_create_or_update(group, "vm", machine(interface)).result()
    resources.resource_groups.begin_delete(group).result()
    assert not resources.resource_groups.check_existence(group)
