google_project               = "not-a-project"
google_nested_virtualization = true
location                     = "us-west1-a"
